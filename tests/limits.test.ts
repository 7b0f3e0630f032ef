import { strict as assert } from "node:assert";
import { evaluate } from "../harness/evaluate";
import { refusals } from "./support/limits";

describe("AWS", () => {
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
    "nothing optional": () => evaluate(),
    "everything optional": () => evaluate(optional),
    "the settings for production": () => evaluate({}, { stack: "prod" }),
  };
  for (const [what, evaluated] of Object.entries(stacks)) {
    it(`takes every resource of a stack with ${what}`, async () => {
      const { resources } = await evaluated();
      const ofAws = resources.filter(({ type }) => type.startsWith("aws:"));
      assert.ok(ofAws.length > 20);
      assert.deepEqual(ofAws.flatMap(refusals), []);
    });
  }

  const mistakes: [what: string, type: string, name: string, change: Record<string, unknown>][] = [
    ["a retention of 4 days", "aws:cloudwatch/logGroup:LogGroup", "visit", { retentionInDays: 4 }],
    ["an unknown runtime", "aws:lambda/function:Function", "visit", { runtime: "nodejs19.x" }],
    ["too little memory", "aws:lambda/function:Function", "visit", { memorySize: 64 }],
    ["a missing role", "aws:lambda/function:Function", "visit", { role: undefined }],
    ["an unknown property", "aws:lambda/function:Function", "visit", { memory: 256 }],
    [
      "an integration that takes a minute",
      "aws:apigatewayv2/integration:Integration",
      "visit",
      { timeoutMilliseconds: 60_000 },
    ],
    ["a route without a slash", "aws:apigatewayv2/route:Route", "visit", { routeKey: "GET index" }],
    [
      "an attribute that is no key",
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
      "an alarm on both a metric and an expression",
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
      "a long description",
      "aws:cloudwatch/metricAlarm:MetricAlarm",
      "api-errors",
      { alarmDescription: "x".repeat(1025) },
    ],
  ];
  for (const [what, type, name, change] of mistakes) {
    it(`would refuse ${what}, which is found here`, async () => {
      const { inputs } = await evaluate();
      const right = inputs(type, name);
      assert.deepEqual(refusals({ type, name, inputs: right }), []);
      assert.equal(refusals({ type, name, inputs: { ...right, ...change } }).length > 0, true);
    });
  }

  it("would refuse a name of 65 characters, which is found here", async () => {
    const inputs = (await evaluate()).inputs("aws:iam/role:Role", "visit");
    // Pulumi appends eight characters.
    assert.equal(refusals({ type: "aws:iam/role:Role", name: "x".repeat(56), inputs }).length, 0);
    assert.equal(refusals({ type: "aws:iam/role:Role", name: "x".repeat(57), inputs }).length, 1);
  });
});
