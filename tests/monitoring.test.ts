import { strict as assert } from "node:assert";
import { type Alarm, isRaised, type Metric, metricsOf, type Series } from "./support/alarms";
import { type Evaluation, evaluate } from "./support/evaluate";

const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";
const FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter";

/**
 * What AWS publishes for the resources of this stack:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
 */
const published: { dimensions: Record<string, string>; names: string }[] = [
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
  /** As in the table above: those of AWS, and those that the stack's filters publish. */
  let known: Set<string>;

  before(async () => {
    program = await evaluate({ alarmEmail: "ops@example.org" });
    alarms = Object.fromEntries(
      program.resources
        .filter(({ type }) => type === ALARM)
        .map(({ name, inputs }) => [name, inputs as unknown as Alarm & Record<string, unknown>]),
    );
    const ofAws = published.flatMap(({ dimensions, names }) => {
      const [namespace = "", ...metricNames] = names.split(" ");
      return metricNames.map((metricName) => label({ namespace, metricName, dimensions }));
    });
    const ofFilters = program.resources
      .filter(({ type }) => type === FILTER)
      .map(
        ({ inputs: { metricTransformation } }) => metricTransformation as { namespace: string; name: string },
      )
      .map(({ namespace, name }) => label({ namespace, metricName: name }));
    known = new Set([...ofAws, ...ofFilters]);
  });

  const label = ({ namespace, metricName, dimensions = {} }: Metric) =>
    JSON.stringify([namespace, metricName, Object.entries(dimensions).sort()]);

  it("watches metrics that AWS or the stack publishes", () => {
    for (const [name, alarm] of Object.entries(alarms)) {
      assert.notEqual(metricsOf(alarm).length, 0);
      for (const { stat, period, ...metric } of metricsOf(alarm)) {
        assert.ok(known.has(label(metric)), `${name} watches ${label(metric)}, which nobody publishes`);
        assert.match(stat, /^(Sum|Maximum|p\d+)$/);
        assert.equal(period, 300);
      }
    }
  });

  it("says what to do in each alarm, within the 1,024 characters that CloudWatch takes", () => {
    for (const [name, { alarmDescription }] of Object.entries(alarms)) {
      assert.match(String(alarmDescription), /^.{80,1024}$/, name);
      assert.match(
        String(alarmDescription),
        /\b([Ll]ook|[Ff]ind|[Ss]ee|[Aa]sk|[Rr]aise|tells why|lasts)\b/,
        name,
      );
    }
    // A function that times out logs nothing else.
    assert.match(String(alarms["function-errors"]?.alarmDescription), /platform\.report.*"status":"timeout"/);
  });

  it("takes no data for health", () => {
    for (const [name, alarm] of Object.entries(alarms))
      assert.equal(alarm.treatMissingData, "notBreaching", name);
  });

  it("sends alarms, and their end, to the stack's e-mail address", () => {
    const { topic, protocol, endpoint } = program.inputs(
      "aws:sns/topicSubscription:TopicSubscription",
      "alarms",
    );
    assert.deepEqual([topic, protocol, endpoint], ["arn:topic", "email", "ops@example.org"]);
    for (const [name, { alarmActions, okActions }] of Object.entries(alarms))
      assert.deepEqual([alarmActions, okActions], [["arn:topic"], ["arn:topic"]], name);
  });

  it("keeps alarms to CloudWatch when there is no address", async () => {
    const { resources } = await evaluate();
    assert.ok(!resources.some(({ type }) => type.startsWith("aws:sns/")));
    const kept = resources.filter(({ type }) => type === ALARM);
    assert.equal(kept.length, Object.keys(alarms).length);
    for (const { inputs } of kept) assert.deepEqual([inputs.alarmActions, inputs.okActions], [[], []]);
  });

  it("counts lines of the logs that are written", () => {
    const counted = program.resources
      .filter(({ type }) => type === FILTER)
      .map(({ inputs: { logGroupName, pattern } }) => `${logGroupName} ${pattern}`);
    assert.deepEqual(counted, [
      'visit-log { $.message = "new session" }',
      'visit-log { $.message.message = "the session store failed" }',
      'access-log { $.status = "429" }',
    ]);
  });

  it("saves queries for fields that the logs have", () => {
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

  describe("with a site's course in four periods of five minutes", () => {
    const periods = <T>(value: T): T[] => Array.from({ length: 4 }, () => value);
    const many = (count: number, value: number) => Array.from({ length: count }, () => value);
    /** That often in each minute of five, as AWS publishes counts. */
    const count = (total: number) => [total, 0, 0, 0, 0];
    const visits = (perPeriod: number, slow = 0, milliseconds = 40) => ({
      Count: periods(count(perPeriod)),
      Latency: periods([...many(perPeriod - slow, 40), ...many(slow, milliseconds)]),
    });
    const quiet: Series = Object.fromEntries(
      "Errors Throttles 5xx RefusedVisits StoreFailures ThrottledRequests SystemErrors"
        .split(" ")
        .map((name) => [name, periods(count(0))]),
    );
    const concurrency = (executions: number) => ({
      ClaimedAccountConcurrency: periods([executions]),
      ConcurrentExecutions: periods([executions]),
    });
    const healthy: Series = { ...quiet, ...visits(3000, 30, 1500), ...concurrency(300) };
    const calm: Series = { ...quiet, ...visits(15), ...concurrency(2) };
    const each = (name: string, total: number): Series => ({ [name]: periods(count(total)) });

    const raisedBy = (series: Series) =>
      Object.entries(alarms).flatMap(([name, alarm]) => (isRaised(alarm, series) ? [name] : []));

    it("raises nothing while the site is healthy, busy or calm", () => {
      assert.deepEqual(raisedBy(healthy), []);
      assert.deepEqual(raisedBy(calm), []);
    });

    it("raises nothing while there are no visitors", () => {
      assert.deepEqual(raisedBy({ Count: periods([]) }), []);
    });

    it("raises nothing for a single bad visit at night", () => {
      const once = (...samples: number[]) => [[], samples, [], []];
      const one = { Count: once(1), Latency: once(9_500), "5xx": once(1) };
      assert.deepEqual(raisedBy({ ...one, Errors: once(1) }), []);
      assert.deepEqual(raisedBy({ ...one, Throttles: once(1) }), []);
      assert.deepEqual(raisedBy({ ...one, StoreFailures: once(1), SystemErrors: once(5) }), []);
      assert.deepEqual(raisedBy({ ...one, StoreFailures: once(1), ThrottledRequests: once(5) }), []);
      assert.deepEqual(raisedBy({ Count: once(1), Latency: once(1), RefusedVisits: once(1) }), []);
    });

    const ills: Record<string, Series> = {
      "function-errors": each("Errors", 6),
      "function-throttles": each("Throttles", 6),
      "account-concurrency": concurrency(810),
      "api-errors": each("5xx", 6),
      "store-failures": each("StoreFailures", 6),
      "refused-visits": each("RefusedVisits", 6),
      "api-latency": visits(15, 3, 1200),
      "table-throttles": each("ThrottledRequests", 6),
      "table-errors": each("SystemErrors", 6),
    };
    for (const [name, ill] of Object.entries(ills)) {
      it(`raises ${name} on a site of three visits a minute that is ill`, () => {
        assert.deepEqual(raisedBy({ ...calm, ...ill }), [name]);
      });
    }

    it("raises every alarm for some illness", () => {
      assert.deepEqual(Object.keys(ills).sort(), Object.keys(alarms).sort());
    });

    it("does not take one failure in a thousand visits for an illness of the API", () => {
      assert.deepEqual(raisedBy({ ...healthy, ...each("5xx", 3) }), []);
      assert.deepEqual(raisedBy({ ...healthy, ...each("5xx", 31) }), ["api-errors"]);
    });

    it("takes a slow quarter of an hour for an illness, and a shorter one not", () => {
      const slowFor = (length: number) => ({
        ...calm,
        Latency: Array.from({ length: 4 }, (_, period) => many(15, period < length ? 1200 : 40)),
      });
      assert.deepEqual(raisedBy(slowFor(2)), []);
      assert.deepEqual(raisedBy(slowFor(3)), ["api-latency"]);
    });

    it("judges latency from ten visits in five minutes on", () => {
      assert.deepEqual(raisedBy({ ...calm, ...visits(9, 9, 1200) }), []);
      assert.deepEqual(raisedBy({ ...calm, ...visits(10, 10, 1200) }), ["api-latency"]);
    });
  });

  describe("on its dashboard", () => {
    interface Graph {
      title: string;
      region?: string;
      alarms?: string[];
      metrics?: unknown[][];
    }
    const graphs = () => {
      const { dashboardBody } = program.inputs("aws:cloudwatch/dashboard:Dashboard", "dashboard");
      const { widgets } = JSON.parse(String(dashboardBody)) as { widgets: { properties: Graph }[] };
      return widgets.map(({ properties }) => properties);
    };

    it("shows all alarms, and graphs of metrics that AWS or the stack publishes in the stack's region", () => {
      const [first, ...others] = graphs();
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
          assert.ok(known.has(found), `${title} shows ${found}, which nobody publishes`);
        }
      }
    });

    it("shows visits, latencies, errors, capacity and concurrency, and every line that is counted", () => {
      assert.deepEqual(
        graphs().map(({ title }) => title),
        [
          "Alarms",
          "Visits and new sessions",
          "Latency (ms)",
          "Errors",
          "Consumed write units",
          "Concurrent executions",
        ],
      );
      const shown = graphs().flatMap(({ metrics = [] }) => metrics.map(([, name]) => name));
      for (const name of ["NewSessions", "StoreFailures", "RefusedVisits"])
        assert.ok(shown.includes(name), name);
    });
  });
});
