import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Evaluation, evaluate, everyOption } from "./support/evaluate";
import { recordLog } from "./support/log";
import { project } from "./support/project";
import { useSessions } from "./support/sessions";

/**
 * The metrics that AWS publishes for this stack's resources:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
 */
const awsMetrics: [namespace: string, dimensions: Record<string, string>, names: string][] = [
  ["AWS/Lambda", {}, "ConcurrentExecutions ClaimedAccountConcurrency"],
  ["AWS/Lambda", { FunctionName: "visit-1" }, "Errors Throttles Duration ConcurrentExecutions"],
  ["AWS/ApiGateway", { ApiId: "api1" }, "4xx 5xx Count IntegrationLatency Latency"],
  [
    "AWS/DynamoDB",
    { TableName: "sessions-1", Operation: "UpdateItem" },
    "ThrottledRequests SystemErrors SuccessfulRequestLatency",
  ],
  ["AWS/DynamoDB", { TableName: "sessions-1" }, "ConsumedWriteCapacityUnits ConsumedReadCapacityUnits"],
];

interface Metric {
  namespace: string;
  metricName: string;
  dimensions?: Record<string, string>;
}

const labelOf = (parts: unknown[]) => parts.flat(2).sort().join(" ");
const label = ({ namespace, metricName, dimensions = {} }: Metric) =>
  labelOf([namespace, metricName, Object.entries(dimensions)]);

describe("the monitoring", () => {
  type Inputs = Record<string, unknown>;
  const { send, sessions, sessionsWith } = useSessions();
  const logged = recordLog();
  let program: Evaluation;
  /** The labels of all metrics that AWS or the stack's metric filters publish. */
  let published: string[];

  const inputsOf = (kind: string, { resources } = program): [name: string, inputs: Inputs][] =>
    resources.filter(({ type }) => type.endsWith(`:${kind}`)).map(({ name, inputs }) => [name, inputs]);

  before(async () => {
    program = await evaluate(everyOption);
    const filters = inputsOf("LogMetricFilter").map(([, { metricTransformation }]) => metricTransformation);
    published = [
      ...awsMetrics.flatMap(([namespace, dimensions, names]) =>
        names.split(" ").map((metricName) => label({ namespace, metricName, dimensions })),
      ),
      ...(filters as { namespace: string; name: string }[]).map(({ namespace, name }) =>
        label({ namespace, metricName: name }),
      ),
    ];
  });

  it("has alarms on published metrics that need data, and say what they mean, what to do and where to read on", () => {
    const page = readFileSync(join(project, "docs/operations.md"), "utf8");
    for (const [name, alarm] of inputsOf("MetricAlarm")) {
      const { comparisonOperator, treatMissingData, metricQueries = [{ metric: alarm }] } = alarm;
      const description = new RegExp(`^[A-Z].{20,}\\. [A-Z].{20,}\\. More: docs/operations\\.md#${name}$`);
      assert.match(String(alarm.alarmDescription), description);
      assert.ok(page.includes(`\n### ${name}\n`), name);
      for (const { metric } of metricQueries as { metric?: Metric & { period: number } }[]) {
        if (!metric) continue;
        assert.ok(published.includes(label(metric)), `${name}: ${label(metric)}`);
        assert.equal(metric.period, 300);
      }
      assert.deepEqual([comparisonOperator, treatMissingData], ["GreaterThanThreshold", "notBreaching"]);
    }
  });

  it("sends e-mail when an alarm starts and ends, with alarmEmail only", async () => {
    const topic = "arn:aws:sns:us-east-1:000000000000:alarms";
    const subscription = program.inputs("TopicSubscription alarms");
    assert.deepEqual(subscription, { topic, protocol: "email", endpoint: "ops@example.org" });
    for (const [stack, topics] of [[program, [topic]] as const, [await evaluate(), []] as const]) {
      for (const [, { alarmActions, okActions }] of inputsOf("MetricAlarm", stack)) {
        assert.deepEqual([alarmActions, okActions], [topics, topics]);
      }
    }
  });

  it("counts the lines that the session store and the API log", async () => {
    await sessions.open([]);
    await assert.rejects(sessionsWith(send, { tableName: "no-such-table" }).open([]));
    // Lambda's JSON format has what is logged as the message.
    const [started, failed] = logged.map((message) => ({ message }));
    const { format } = program.inputs("Stage default").accessLogSettings as { format: string };
    const [ok, throttled] = ["200", "429"].map((status) =>
      JSON.parse(format.replace("$context.status", status)),
    );
    const logs: Record<string, Inputs[]> = {
      "visit-log": [started, failed] as Inputs[],
      "access-log": [ok, throttled],
    };
    const counted = inputsOf("LogMetricFilter").map(([, { pattern, logGroupName, metricTransformation }]) => {
      const [, path = "", wanted] = /^\{ \$\.([\w.]+) = "(.*)" \}$/.exec(String(pattern)) ?? [];
      const valueIn = (line: Inputs) =>
        path.split(".").reduce<unknown>((part, name) => (part as Inputs)[name], line);
      const { name, value } = metricTransformation as { name: string; value: string };
      return [name, value, logs[`${logGroupName}`]?.filter((line) => valueIn(line) === wanted)];
    });
    assert.deepEqual(counted.sort(), [
      ["NewSessions", "1", [started]],
      ["StoreFailures", "1", [failed]],
      ["ThrottledVisits", "1", [throttled]],
    ]);
  });

  it("saves queries on fields that the logs contain", () => {
    const { accessLogSettings } = program.inputs("Stage default");
    const { format } = accessLogSettings as { format: string };
    const fields: Record<string, string[]> = {
      "access-log": ["@timestamp", ...Object.keys(JSON.parse(format))],
      // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html
      "visit-log": ["@timestamp", "@message", "level", "record.status"],
    };
    for (const [name, inputs] of inputsOf("QueryDefinition")) {
      assert.equal(inputs.name, `visit-1/${name}`);
      const [log = ""] = inputs.logGroupNames as string[];
      const query = String(inputs.queryString);
      assert.match(query, /^(fields|stats) .*(\n\| (filter|sort|limit) .*)*$/);
      const words = query.replace(/"[^"]*"|count\(\*\)|bin\(\w+\)/g, "").match(/[@\w.]+/g) ?? [];
      const syntax = /^(fields|filter|sort|limit|stats|by|desc|in|or|\d+)$/;
      const unknown = words.filter((word) => !syntax.test(word) && !fields[log]?.includes(word));
      assert.deepEqual(unknown, [], name);
    }
  });

  it("has a dashboard of all alarms, and of published metrics in the stack's region", () => {
    const { dashboardBody } = program.inputs("Dashboard dashboard");
    const { widgets } = JSON.parse(String(dashboardBody)) as {
      widgets: { type: string; properties: Inputs }[];
    };
    const [first, ...graphs] = widgets;
    const alarms = inputsOf("MetricAlarm").map(([name]) => `arn:alarm:${name}`);
    assert.deepEqual(new Set(first?.properties.alarms as string[]), new Set(alarms));
    for (const { type, properties } of graphs) {
      const { title, region, period, metrics } = properties;
      assert.deepEqual([type, region, period], ["metric", "us-east-1", 300], `${title}`);
      for (const parts of metrics as unknown[][]) {
        const found = labelOf(parts.slice(0, -1));
        assert.ok(published.includes(found), `${title}: ${found}`);
      }
    }
  });
});
