import { strict as assert } from "node:assert";
import { type Alarm, type Metric, metricsOf } from "./support/alarms";
import { type Evaluation, evaluate } from "./support/evaluate";

const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";
const FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter";

/**
 * The metrics that AWS publishes for this stack's resources:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
 */
const awsMetrics: { dimensions: Record<string, string>; names: string }[] = [
  { dimensions: {}, names: "AWS/Lambda ConcurrentExecutions ClaimedAccountConcurrency" },
  {
    dimensions: { ApiId: "api1" },
    names: "AWS/ApiGateway 4xx 5xx Count IntegrationLatency Latency DataProcessed",
  },
  {
    dimensions: { FunctionName: "visit-1" },
    names: "AWS/Lambda Invocations Errors Throttles Duration ConcurrentExecutions",
  },
  {
    dimensions: { TableName: "sessions-1", Operation: "UpdateItem" },
    names: "AWS/DynamoDB ThrottledRequests SystemErrors SuccessfulRequestLatency",
  },
  {
    dimensions: { TableName: "sessions-1" },
    names: "AWS/DynamoDB ConsumedWriteCapacityUnits ConsumedReadCapacityUnits WriteThrottleEvents",
  },
];

describe("the monitoring", () => {
  let program: Evaluation;
  let alarms: Record<string, Alarm & Record<string, unknown>>;
  /** The labels of all metrics that AWS or the stack's metric filters publish. */
  let publishedLabels: Set<string>;

  before(async () => {
    program = await evaluate({ alarmEmail: "ops@example.org" });
    alarms = Object.fromEntries(
      program.resources
        .filter(({ type }) => type === ALARM)
        .map(({ name, inputs }) => [name, inputs as unknown as Alarm & Record<string, unknown>]),
    );
    const awsLabels = awsMetrics.flatMap(({ dimensions, names }) => {
      const [namespace = "", ...metricNames] = names.split(" ");
      return metricNames.map((metricName) => label({ namespace, metricName, dimensions }));
    });
    const filterLabels = program.resources
      .filter(({ type }) => type === FILTER)
      .map(
        ({ inputs: { metricTransformation } }) => metricTransformation as { namespace: string; name: string },
      )
      .map(({ namespace, name }) => label({ namespace, metricName: name }));
    publishedLabels = new Set([...awsLabels, ...filterLabels]);
  });

  const label = ({ namespace, metricName, dimensions = {} }: Metric) =>
    JSON.stringify([namespace, metricName, Object.entries(dimensions).sort()]);

  it("has alarms on metrics that AWS or the stack publishes", () => {
    for (const [name, alarm] of Object.entries(alarms)) {
      assert.notEqual(metricsOf(alarm).length, 0);
      for (const { stat, period, ...metric } of metricsOf(alarm)) {
        assert.ok(
          publishedLabels.has(label(metric)),
          `${name} uses ${label(metric)}, which is not published`,
        );
        assert.match(stat, /^(Sum|Maximum|p\d+)$/);
        assert.equal(period, 300);
      }
    }
  });

  it("has alarm descriptions that say what to do, within CloudWatch's 1,024 characters", () => {
    for (const [name, { alarmDescription }] of Object.entries(alarms)) {
      assert.match(String(alarmDescription), /^.{80,1024}$/, name);
      assert.match(String(alarmDescription), /\b([Ll]ook|[Ff]ind|[Cc]heck)\b/, name);
    }
    // This is all that Lambda logs about a timeout.
    assert.match(String(alarms["function-errors"]?.alarmDescription), /platform\.report.*"status":"timeout"/);
  });

  it("treats missing data as healthy", () => {
    for (const [name, alarm] of Object.entries(alarms))
      assert.equal(alarm.treatMissingData, "notBreaching", name);
  });

  it("sends e-mail when an alarm starts and ends", () => {
    const { topic, protocol, endpoint } = program.inputs(
      "aws:sns/topicSubscription:TopicSubscription",
      "alarms",
    );
    assert.deepEqual([topic, protocol, endpoint], ["arn:topic", "email", "ops@example.org"]);
    for (const [name, { alarmActions, okActions }] of Object.entries(alarms))
      assert.deepEqual([alarmActions, okActions], [["arn:topic"], ["arn:topic"]], name);
  });

  it("sends no e-mail without alarmEmail, but has the same alarms", async () => {
    const { resources } = await evaluate();
    assert.ok(!resources.some(({ type }) => type.startsWith("aws:sns/")));
    const silent = resources.filter(({ type }) => type === ALARM);
    assert.equal(silent.length, Object.keys(alarms).length);
    for (const { inputs } of silent) assert.deepEqual([inputs.alarmActions, inputs.okActions], [[], []]);
  });

  it("counts log entries that the program writes", () => {
    const counted = program.resources
      .filter(({ type }) => type === FILTER)
      .map(({ inputs: { logGroupName, pattern } }) => `${logGroupName} ${pattern}`);
    assert.deepEqual(counted, [
      'visit-log { $.message = "new session" }',
      'visit-log { $.message.message = "the session store failed" }',
      'access-log { $.status = "429" }',
    ]);
  });

  it("saves queries on fields that the logs contain", () => {
    const { accessLogSettings } = program.inputs("aws:apigatewayv2/stage:Stage", "default");
    const { format } = accessLogSettings as { format: string };
    const fields: Record<string, string[]> = {
      "access-log": ["@timestamp", ...Object.keys(JSON.parse(format))],
      // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html
      "visit-log": ["@timestamp", "@message", "level", "record.status"],
    };
    const queries = program.resources.filter(({ type }) => type.endsWith(":QueryDefinition"));
    assert.equal(queries.length, 3);
    for (const { name, inputs } of queries) {
      assert.equal(inputs.name, `visit-1/${name}`);
      const [log = ""] = inputs.logGroupNames as string[];
      const query = String(inputs.queryString).replace(/"[^"]*"|count\(\*\)|bin\(\w+\)/g, "");
      const words = query.match(/[@\w.]+/g) ?? [];
      const syntax = /^(fields|filter|sort|limit|stats|by|desc|in|or|\d+)$/;
      const unknown = words.filter((word) => !syntax.test(word) && !fields[log]?.includes(word));
      assert.deepEqual(unknown, [], name);
    }
  });

  describe("the dashboard", () => {
    interface Widget {
      title: string;
      region?: string;
      alarms?: string[];
      metrics?: unknown[][];
    }
    const widgets = () => {
      const { dashboardBody } = program.inputs("aws:cloudwatch/dashboard:Dashboard", "dashboard");
      const { widgets } = JSON.parse(String(dashboardBody)) as { widgets: { properties: Widget }[] };
      return widgets.map(({ properties }) => properties);
    };

    it("shows all alarms, and published metrics in the stack's region", () => {
      const [first, ...others] = widgets();
      assert.deepEqual(
        [...(first?.alarms ?? [])].sort(),
        Object.keys(alarms)
          .map((name) => `arn:alarm:${name}`)
          .sort(),
      );
      for (const { title, region, metrics = [] } of others) {
        assert.equal(region, "us-east-1");
        assert.notEqual(metrics.length, 0);
        for (const parts of metrics) {
          const [namespace = "", metricName = "", ...rest] = parts.filter((part) => typeof part === "string");
          const dimensions = Object.fromEntries(
            rest.flatMap((part, at) => (at % 2 === 0 ? [[part, rest[at + 1] ?? ""]] : [])),
          );
          const found = label({ namespace, metricName, dimensions });
          assert.ok(publishedLabels.has(found), `${title} shows ${found}, which is not published`);
        }
      }
    });

    it("shows visits, latency, errors, capacity, concurrency and all custom metrics", () => {
      assert.deepEqual(
        widgets().map(({ title }) => title),
        [
          "Alarms",
          "Visits and new sessions",
          "Latency (ms)",
          "Errors",
          "Consumed write units",
          "Concurrent executions",
        ],
      );
      const shown = widgets().flatMap(({ metrics = [] }) => metrics.map(([, name]) => name));
      for (const name of ["NewSessions", "StoreFailures", "ThrottledVisits"])
        assert.ok(shown.includes(name), name);
    });
  });
});
