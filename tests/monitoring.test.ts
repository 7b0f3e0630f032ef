import { strict as assert } from "node:assert";
import { type Evaluation, evaluate, tags } from "./support/evaluate";

describe("the monitoring", () => {
  let program: Evaluation;

  before(async () => {
    program = await evaluate({ alarmEmail: "ops@example.org" });
  });

  const ofApi = { namespace: "AWS/ApiGateway", dimensions: { ApiId: "api1" }, period: 300 };
  const ofFunction = { namespace: "AWS/Lambda", dimensions: { FunctionName: "visit-1" }, period: 300 };
  const ofTable = {
    namespace: "AWS/DynamoDB",
    dimensions: { TableName: "sessions-1", Operation: "UpdateItem" },
    period: 300,
  };
  const any = { statistic: "Sum", threshold: 0, evaluationPeriods: 1 };

  const alarms = {
    "function-errors": { ...ofFunction, ...any, metricName: "Errors" },
    "function-throttles": { ...ofFunction, ...any, metricName: "Throttles" },
    "api-errors": {
      threshold: 1,
      evaluationPeriods: 1,
      metricQueries: [
        { id: "rate", expression: "100 * errors / requests", label: "5xx in percent", returnData: true },
        { id: "errors", metric: { ...ofApi, metricName: "5xx", stat: "Sum" } },
        { id: "requests", metric: { ...ofApi, metricName: "Count", stat: "Sum" } },
      ],
    },
    "api-latency": {
      ...ofApi,
      metricName: "Latency",
      extendedStatistic: "p99",
      threshold: 1000,
      evaluationPeriods: 3,
      evaluateLowSampleCountPercentiles: "ignore",
    },
    "table-throttles": { ...ofTable, ...any, metricName: "ThrottledRequests" },
    "table-errors": { ...ofTable, ...any, metricName: "SystemErrors" },
  };
  for (const [name, expected] of Object.entries(alarms)) {
    it(`has the alarm ${name}, which says what to do`, () => {
      const { alarmDescription, ...inputs } = program.inputs("aws:cloudwatch/metricAlarm:MetricAlarm", name);
      assert.deepEqual(inputs, {
        ...expected,
        comparisonOperator: "GreaterThanThreshold",
        treatMissingData: "notBreaching",
        alarmActions: ["arn:topic"],
        okActions: ["arn:topic"],
        tags,
      });
      // CloudWatch takes 1,024 characters.
      assert.match(String(alarmDescription), /^.{80,1024}$/);
    });
  }

  it("sends alarms to the stack's e-mail address", () => {
    assert.deepEqual(program.inputs("aws:sns/topicSubscription:TopicSubscription", "alarms"), {
      topic: "arn:topic",
      protocol: "email",
      endpoint: "ops@example.org",
    });
  });

  it("keeps alarms to CloudWatch when there is no address", async () => {
    const { resources, inputs } = await evaluate();
    assert.deepEqual(
      resources.filter(({ type }) => type.startsWith("aws:sns/")),
      [],
    );
    for (const name of Object.keys(alarms)) {
      assert.deepEqual(inputs("aws:cloudwatch/metricAlarm:MetricAlarm", name).alarmActions, []);
    }
  });

  it("counts new sessions by the line that the handler logs", () => {
    assert.deepEqual(program.inputs("aws:cloudwatch/logMetricFilter:LogMetricFilter", "new-sessions"), {
      logGroupName: "visit-log",
      pattern: '{ $.message = "new session" }',
      metricTransformation: { namespace: "visit-1", name: "NewSessions", value: "1", defaultValue: "0" },
    });
  });

  it("shows alarms, visits, latencies, errors, capacity and concurrency on a dashboard", () => {
    const { dashboardName, dashboardBody } = program.inputs(
      "aws:cloudwatch/dashboard:Dashboard",
      "dashboard",
    );
    const { widgets } = JSON.parse(String(dashboardBody)) as {
      widgets: {
        type: string;
        width: number;
        height: number;
        properties: { title: string; region?: string; alarms?: string[]; metrics?: unknown[][] };
      }[];
    };
    assert.equal(dashboardName, "visit-1");
    assert.deepEqual(
      widgets.map(({ properties }) => properties.title),
      [
        "Alarms",
        "Visits and new sessions",
        "Latency (ms)",
        "Errors",
        "Consumed write units",
        "Concurrent executions",
      ],
    );
    assert.deepEqual(
      widgets.map(({ type, width, height }) => `${type} ${width}x${height}`),
      ["alarm 8x6", ...Array.from({ length: 5 }, () => "metric 8x6")],
    );
    const [shown, ...graphs] = widgets.map(({ properties }) => properties);
    assert.deepEqual(
      shown?.alarms,
      Object.keys(alarms).map((name) => `arn:alarm:${name}`),
    );

    const api = ["ApiId", "api1"];
    const lambda = ["FunctionName", "visit-1"];
    const table = ["TableName", "sessions-1"];
    const updates = [...table, "Operation", "UpdateItem"];
    assert.deepEqual(
      graphs.flatMap(({ metrics = [] }) => metrics),
      [
        ["AWS/ApiGateway", "Count", ...api],
        ["visit-1", "NewSessions"],
        ["AWS/ApiGateway", "Latency", ...api, { stat: "p50", label: "p50" }],
        ["AWS/ApiGateway", "Latency", ...api, { stat: "p90", label: "p90" }],
        ["AWS/ApiGateway", "Latency", ...api, { stat: "p99", label: "p99" }],
        ["AWS/DynamoDB", "SuccessfulRequestLatency", ...updates, { stat: "p99", label: "UpdateItem p99" }],
        ["AWS/ApiGateway", "4xx", ...api],
        ["AWS/ApiGateway", "5xx", ...api],
        ["AWS/Lambda", "Errors", ...lambda],
        ["AWS/Lambda", "Throttles", ...lambda],
        ["AWS/DynamoDB", "ThrottledRequests", ...updates],
        ["AWS/DynamoDB", "SystemErrors", ...updates],
        ["AWS/DynamoDB", "ConsumedWriteCapacityUnits", ...table],
        ["AWS/Lambda", "ConcurrentExecutions", ...lambda],
      ],
    );
    for (const { region } of graphs) assert.equal(region, "us-east-1");
  });
});
