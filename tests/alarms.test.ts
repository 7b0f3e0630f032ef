import { strict as assert } from "node:assert";
import { type Alarm, isRaised, type Series } from "./support/alarms";
import { evaluate } from "./support/evaluate";

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
    assert.deepEqual(raised({ ...visit, Errors: once(1) }), []);
    assert.deepEqual(raised({ ...visit, Throttles: once(1) }), []);
    assert.deepEqual(raised({ ...visit, StoreFailures: once(1), SystemErrors: once(5) }), []);
    assert.deepEqual(raised({ ...visit, StoreFailures: once(1), ThrottledRequests: once(5) }), []);
    assert.deepEqual(raised({ Count: once(1), Latency: once(1), ThrottledVisits: once(1) }), []);
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

  it("go off after one bad period, unless they measure latency", () => {
    assert.deepEqual(raised({ ...calm, Errors: [[0], [6], [0], [0]] }), ["function-errors"]);
  });

  it("tolerate failures of less than 1 % of visits, and of 80 % of the quota", () => {
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
