import { strict as assert } from "node:assert";
import { evaluate } from "./support/evaluate";

interface Alarm {
  metricName: string;
  statistic: string;
  metricQueries?: { id: string; expression?: string; metric?: { metricName: string; stat: string } }[];
  threshold: number;
  evaluationPeriods: number;
}

/** A metric's samples in each period, by metric name. A missing or empty list means no data. */
type Series = Record<string, number[][]>;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html */
const statistics: Record<string, (sorted: number[]) => number | undefined> = {
  Sum: (samples) => samples.reduce((sum, value) => sum + value, 0),
  Maximum: (sorted) => sorted.at(-1),
  p90: (sorted) => sorted[Math.ceil(0.9 * sorted.length) - 1],
};

/** An alarm's value in one period; `undefined` if one of its metrics has no data. */
function measured({ metricName, statistic, metricQueries }: Alarm, series: Series, period: number) {
  const queries = metricQueries ?? [{ id: "value", metric: { metricName, stat: statistic } }];
  const values: Record<string, number | undefined> = {};
  for (const { id, metric } of queries) {
    const samples = [...(series[metric?.metricName ?? ""]?.[period] ?? [])].sort((a, b) => a - b);
    if (metric) values[id] = samples.length > 0 ? statistics[metric.stat]?.(samples) : undefined;
  }
  if (Object.values(values).includes(undefined)) return undefined;
  const functions = "const IF = (test, yes, no) => (test ? yes : no), SERVICE_QUOTA = () => 1000;";
  const expression = metricQueries?.find((query) => query.expression)?.expression ?? "value";
  const calculate = new Function(...Object.keys(values), `${functions} return ${expression}`);
  return Number(calculate(...Object.values(values)));
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html */
function isRaised(alarm: Alarm, series: Series): boolean {
  const breaching = [0, 1, 2, 3].map((period) => Number(measured(alarm, series, period)) > alarm.threshold);
  return breaching.join().includes(Array(alarm.evaluationPeriods).fill(true).join());
}

// Each test simulates four periods of five minutes.
describe("the alarms", () => {
  let alarms: [name: string, alarm: Alarm][];

  before(async () => {
    const { resources } = await evaluate();
    alarms = resources
      .filter(({ type }) => type === "aws:cloudwatch/metricAlarm:MetricAlarm")
      .map(({ name, inputs }) => [name, inputs as unknown as Alarm]);
  });

  const raised = (series: Series) =>
    alarms.filter(([, alarm]) => isRaised(alarm, series)).map(([name]) => name);

  const periods = <T>(value: T): T[] => Array(4).fill(value);
  const repeat = (count: number, value: number): number[] => Array(count).fill(value);
  /** One sample per minute, as AWS publishes counts. */
  const each = (name: string, total: number): Series => ({ [name]: periods([total, 0, 0, 0, 0]) });
  const visits = (perPeriod: number, slow = 0, milliseconds = 40): Series => ({
    ...each("Count", perPeriod),
    Latency: periods([...repeat(perPeriod - slow, 40), ...repeat(slow, milliseconds)]),
  });
  const failures = "Errors Throttles 5xx ThrottledVisits StoreFailures ThrottledRequests SystemErrors".split(
    " ",
  );
  const quiet: Series = Object.assign({}, ...failures.map((name) => each(name, 0)));
  const concurrency = (executions: number): Series => ({
    ClaimedAccountConcurrency: periods([executions]),
    ConcurrentExecutions: periods([executions]),
  });
  const busy: Series = { ...quiet, ...visits(3000, 30, 1500), ...concurrency(300) };
  const calm: Series = { ...quiet, ...visits(15), ...concurrency(2) };

  it("don't go off on a healthy site, with many visits, few or none", () => {
    assert.deepEqual([raised(busy), raised(calm), raised({ Count: periods([]) })], [[], [], []]);
  });

  it("don't go off for a single failed visit at night", () => {
    const once = (sample: number) => [[], [sample], [], []];
    const visit = { Count: once(1), Latency: once(9_500), "5xx": once(1) };
    const causes = { Errors: 1, Throttles: 1, ThrottledVisits: 1, SystemErrors: 5, ThrottledRequests: 5 };
    for (const [name, samples] of Object.entries(causes))
      assert.deepEqual(raised({ ...visit, StoreFailures: once(1), [name]: once(samples) }), []);
  });

  it("go off at three visits per minute, each for its own problem only", () => {
    const problems: Record<string, Series> = {
      "function-errors": each("Errors", 6),
      "function-throttles": each("Throttles", 6),
      "account-concurrency": concurrency(810),
      "api-errors": each("5xx", 6),
      "store-failures": each("StoreFailures", 6),
      "throttled-visits": each("ThrottledVisits", 6),
      "api-latency": visits(15, 3, 1200),
      "table-throttles": each("ThrottledRequests", 6),
      "table-errors": each("SystemErrors", 6),
    };
    for (const [name, problem] of Object.entries(problems)) {
      assert.deepEqual(raised({ ...calm, ...problem }), [name]);
    }
    assert.deepEqual(Object.keys(problems).sort(), alarms.map(([name]) => name).sort());
  });

  it("go off after one bad period, but not at 1 % of visits or 80 % of the quota", () => {
    assert.deepEqual(raised({ ...calm, Errors: [[0], [6], [0], [0]] }), ["function-errors"]);
    for (const name of ["5xx", "StoreFailures", "ThrottledVisits"]) {
      assert.deepEqual(raised({ ...busy, ...each(name, 30) }), []);
      assert.equal(raised({ ...busy, ...each(name, 31) }).length, 1);
    }
    assert.deepEqual(raised({ ...busy, ...concurrency(800) }), []);
  });

  it("go off after 15 minutes of high latency, not after 10, and only from ten visits in five minutes", () => {
    const slowFor = (length: number) => ({
      ...calm,
      Latency: Array.from({ length: 4 }, (_, period) => repeat(15, period < length ? 1200 : 40)),
    });
    assert.deepEqual([raised(slowFor(2)), raised(slowFor(3))], [[], ["api-latency"]]);
    assert.deepEqual(raised({ ...calm, ...visits(9, 9, 1200) }), []);
    assert.deepEqual(raised({ ...calm, ...visits(10, 10, 1200) }), ["api-latency"]);
  });
});
