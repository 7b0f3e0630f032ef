import { strict as assert } from "node:assert";

export interface Metric {
  namespace: string;
  metricName: string;
  dimensions?: Record<string, string>;
}

/** The inputs that an alarm's state depends on: of a metric, or of an expression. */
export interface Alarm extends Partial<Metric> {
  statistic?: string;
  period?: number;
  metricQueries?: {
    id: string;
    expression?: string;
    returnData?: boolean;
    metric?: Metric & { stat: string; period: number };
  }[];
  threshold: number;
  evaluationPeriods: number;
  comparisonOperator: string;
  treatMissingData: string;
}

/** A metric's samples in each period, by metric name. A missing or empty list means no data. */
export type Series = Record<string, number[][]>;

/** An account's quota of concurrent executions. */
const QUOTA = 1000;

/** The metrics that an alarm reads, each with its statistic. */
export function metricsOf(alarm: Alarm): (Metric & { stat: string; period: number })[] {
  if (alarm.metricQueries) return alarm.metricQueries.flatMap(({ metric }) => metric ?? []);
  const { namespace = "", metricName = "", dimensions = {}, period = 0, statistic = "" } = alarm;
  return [{ namespace, metricName, dimensions, period, stat: statistic }];
}

/**
 * Whether CloudWatch would raise an alarm in any of the periods.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
 */
export function isRaised(alarm: Alarm, series: Series): boolean {
  // Other values aren't simulated.
  assert.equal(alarm.comparisonOperator, "GreaterThanThreshold");
  assert.equal(alarm.treatMissingData, "notBreaching");
  const length = Math.max(...Object.values(series).map((periods) => periods.length));
  let breaching = 0;
  for (let period = 0; period < length; period++) {
    const value = metricValue(alarm, (name) => series[name]?.[period] ?? []);
    breaching = value !== undefined && value > alarm.threshold ? breaching + 1 : 0;
    if (breaching >= alarm.evaluationPeriods) return true;
  }
  return false;
}

/** An alarm's value in one period; `undefined` if there is no data. */
function metricValue(alarm: Alarm, samplesOf: (metricName: string) => number[]): number | undefined {
  const values = metricsOf(alarm).map(({ metricName, stat }) => statistic(stat, samplesOf(metricName)));
  if (!alarm.metricQueries) return values[0];
  // Metric math has no result if one of its metrics has no data.
  if (values.includes(undefined)) return undefined;
  const ids = alarm.metricQueries.filter(({ metric }) => metric).map(({ id }) => id);
  const returned = alarm.metricQueries.filter(({ returnData }) => returnData);
  assert.equal(returned.length, 1, "an alarm needs exactly one query with returnData");
  const calculate = new Function(...ids, "IF", "SERVICE_QUOTA", `return ${returned[0]?.expression}`);
  const result = calculate(
    ...values,
    (test: boolean, yes: number, no: number) => (test ? yes : no),
    () => QUOTA,
  );
  return Number.isFinite(result) ? result : undefined;
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html */
function statistic(name: string, samples: number[]): number | undefined {
  const sorted = [...samples].sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  if (name === "Sum") return sorted.reduce((sum, value) => sum + value, 0);
  if (name === "Maximum") return sorted.at(-1);
  assert.equal(name, "p90");
  return sorted[Math.ceil(0.9 * sorted.length) - 1];
}
