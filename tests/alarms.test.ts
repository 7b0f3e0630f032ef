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

  const periods = <T>(value: T): T[] => Array.from({ length: 4 }, () => value);
  const repeat = (count: number, value: number) => Array.from({ length: count }, () => value);
  /** One sample per minute, as AWS publishes counts. */
  const count = (total: number) => [total, 0, 0, 0, 0];
  const visits = (perPeriod: number, slow = 0, milliseconds = 40) => ({
    Count: periods(count(perPeriod)),
    Latency: periods([...repeat(perPeriod - slow, 40), ...repeat(slow, milliseconds)]),
  });
  const quiet: Series = Object.fromEntries(
    "Errors Throttles 5xx ThrottledVisits StoreFailures ThrottledRequests SystemErrors"
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

  const raisedAlarms = (series: Series) =>
    alarms.flatMap(([name, alarm]) => (isRaised(alarm, series) ? [name] : []));

  it("don't go off on a healthy site, with many visits or few", () => {
    assert.deepEqual(raisedAlarms(healthy), []);
    assert.deepEqual(raisedAlarms(calm), []);
  });

  it("don't go off without visitors", () => {
    assert.deepEqual(raisedAlarms({ Count: periods([]) }), []);
  });

  it("don't go off for a single failed visit at night", () => {
    const once = (...samples: number[]) => [[], samples, [], []];
    const one = { Count: once(1), Latency: once(9_500), "5xx": once(1) };
    assert.deepEqual(raisedAlarms({ ...one, Errors: once(1) }), []);
    assert.deepEqual(raisedAlarms({ ...one, Throttles: once(1) }), []);
    assert.deepEqual(raisedAlarms({ ...one, StoreFailures: once(1), SystemErrors: once(5) }), []);
    assert.deepEqual(raisedAlarms({ ...one, StoreFailures: once(1), ThrottledRequests: once(5) }), []);
    assert.deepEqual(raisedAlarms({ Count: once(1), Latency: once(1), ThrottledVisits: once(1) }), []);
  });

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
    it(`go off one at a time: only ${name} for its problem, at three visits per minute`, () => {
      assert.deepEqual(raisedAlarms({ ...calm, ...problem }), [name]);
    });
  }

  it("are all covered by these tests", () => {
    assert.deepEqual(Object.keys(problems).sort(), alarms.map(([name]) => name).sort());
  });

  it("tolerate one API error in a thousand visits", () => {
    assert.deepEqual(raisedAlarms({ ...healthy, ...each("5xx", 3) }), []);
    assert.deepEqual(raisedAlarms({ ...healthy, ...each("5xx", 31) }), ["api-errors"]);
  });

  it("go off after 15 minutes of high latency, not after 10", () => {
    const slowFor = (length: number) => ({
      ...calm,
      Latency: Array.from({ length: 4 }, (_, period) => repeat(15, period < length ? 1200 : 40)),
    });
    assert.deepEqual(raisedAlarms(slowFor(2)), []);
    assert.deepEqual(raisedAlarms(slowFor(3)), ["api-latency"]);
  });

  it("ignore latency with fewer than ten visits in five minutes", () => {
    assert.deepEqual(raisedAlarms({ ...calm, ...visits(9, 9, 1200) }), []);
    assert.deepEqual(raisedAlarms({ ...calm, ...visits(10, 10, 1200) }), ["api-latency"]);
  });
});
