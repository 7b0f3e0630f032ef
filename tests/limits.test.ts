import { strict as assert } from "node:assert";
import { evaluate } from "./support/evaluate";
import { violations } from "./support/limits";

describe("AWS's limits", () => {
  const optional = {
    privateNetwork: "true",
    domainName: "www.example.com",
    hostedZoneId: "Z1",
    disableExecuteApiEndpoint: "true",
    tracing: "true",
    alarmEmail: "ops@example.org",
    protectData: "true",
    secretIds: "true",
  };
  const stacks: Record<string, () => ReturnType<typeof evaluate>> = {
    "default settings": () => evaluate(),
    "all optional parts": () => evaluate(optional),
    "production settings": () => evaluate({}, { stack: "prod" }),
  };
  for (const [what, evaluateStack] of Object.entries(stacks)) {
    it(`are met by every resource in a stack with ${what}`, async () => {
      const { resources } = await evaluateStack();
      const awsResources = resources.filter(({ type }) => type.startsWith("aws:"));
      assert.ok(awsResources.length > 20);
      assert.deepEqual(awsResources.flatMap(violations), []);
    });
  }

  const mistakes: [what: string, type: string, name: string, change: Record<string, unknown>][] = [
    ["a retention of 4 days", "aws:cloudwatch/logGroup:LogGroup", "visit", { retentionInDays: 4 }],
    ["an unknown runtime", "aws:lambda/function:Function", "visit", { runtime: "nodejs19.x" }],
    ["too little memory", "aws:lambda/function:Function", "visit", { memorySize: 64 }],
    ["a missing role", "aws:lambda/function:Function", "visit", { role: undefined }],
    ["an unknown property", "aws:lambda/function:Function", "visit", { memory: 256 }],
    [
      "an integration with a timeout of a minute",
      "aws:apigatewayv2/integration:Integration",
      "visit",
      { timeoutMilliseconds: 60_000 },
    ],
    ["a route without a slash", "aws:apigatewayv2/route:Route", "visit", { routeKey: "GET index" }],
    [
      "the definition of an attribute that isn't a key",
      "aws:dynamodb/table:Table",
      "sessions",
      { attributes: [{ name: "counter", type: "N" }] },
    ],
    [
      "an alarm without a threshold",
      "aws:cloudwatch/metricAlarm:MetricAlarm",
      "api-errors",
      { threshold: undefined },
    ],
    [
      "an alarm with both a metric and an expression",
      "aws:cloudwatch/metricAlarm:MetricAlarm",
      "api-errors",
      { metricName: "5xx" },
    ],
    [
      "an unknown statistic",
      "aws:cloudwatch/metricAlarm:MetricAlarm",
      "function-errors",
      { statistic: "Total" },
    ],
    [
      "a description that is too long",
      "aws:cloudwatch/metricAlarm:MetricAlarm",
      "api-errors",
      { alarmDescription: "x".repeat(1025) },
    ],
  ];
  for (const [what, type, name, change] of mistakes) {
    it(`forbid ${what}`, async () => {
      const { inputs } = await evaluate();
      const valid = inputs(type, name);
      assert.deepEqual(violations({ type, name, inputs: valid }), []);
      assert.equal(violations({ type, name, inputs: { ...valid, ...change } }).length > 0, true);
    });
  }

  it("forbid a name of 65 characters", async () => {
    const inputs = (await evaluate()).inputs("aws:iam/role:Role", "visit");
    // Pulumi appends eight characters.
    assert.equal(violations({ type: "aws:iam/role:Role", name: "x".repeat(56), inputs }).length, 0);
    assert.equal(violations({ type: "aws:iam/role:Role", name: "x".repeat(57), inputs }).length, 1);
  });
});
