import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { rows } from "../packages/bench/scale";
import { type Alarm, metricsOf } from "./support/alarms";
import { evaluate } from "./support/evaluate";
import { project } from "./support/project";

/**
 * Prices in us-east-1, in dollars:
 * https://aws.amazon.com/dynamodb/pricing/on-demand/ https://aws.amazon.com/api-gateway/pricing/
 * https://aws.amazon.com/lambda/pricing/ https://aws.amazon.com/cloudwatch/pricing/ https://aws.amazon.com/xray/pricing/
 * https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer
 */
const price = {
  writeUnit: 0.625e-6,
  /** Each price applies up to a monthly amount. */
  requests: [
    [300e6, 1e-6],
    [Number.POSITIVE_INFINITY, 0.9e-6],
  ],
  invocation: 0.2e-6,
  /** For arm64. */
  gigabyteSecond: 0.0000133334,
  logGigabytes: [
    [10_240, 0.5],
    [30_720, 0.25],
    [51_200, 0.1],
    [Number.POSITIVE_INFINITY, 0.05],
  ],
  storedGigabyteMonth: 0.03,
  sentGigabytes: [
    [10_240, 0.09],
    [51_200, 0.085],
    [153_600, 0.07],
    [Number.POSITIVE_INFINITY, 0.05],
  ],
  alarmMetric: 0.1,
  metric: 0.3,
  trace: 5e-6,
} as const;

type Tiers = readonly (readonly [upTo: number, price: number])[];
const tiered = (tiers: Tiers, amount: number) =>
  tiers.reduce((sum, [upTo, each], tier) => {
    const from = tiers[tier - 1]?.[0] ?? 0;
    return sum + Math.max(0, Math.min(amount, upTo) - from) * each;
  }, 0);

const LAMBDA = "aws:lambda/function:Function";
const LOG = "aws:cloudwatch/logGroup:LogGroup";

/** What visits cost. A range goes from the shortest visits and logs to the longest. */
async function costs(settings: Record<string, string>, stack: string) {
  const { inputs } = await evaluate(settings, { stack });
  const { memorySize, tracingConfig } = inputs(LAMBDA, "visit");
  const days = Number(inputs(LOG, "visit").retentionInDays);
  const range = (cost: (seconds: number, logBytes: number) => number) =>
    [cost(0.01, 781), cost(0.03, 937)] as const;
  const gigabytes = (bytes: number) => bytes / 2 ** 30;
  const parts = (visits: number) => ({
    dynamodb: visits * price.writeUnit,
    api: tiered(price.requests, visits),
    lambda: range(
      (seconds) => visits * (price.invocation + (price.gigabyteSecond * Number(memorySize) * seconds) / 1024),
    ),
    logs: range((_, bytes) => tiered(price.logGigabytes, gigabytes(visits * bytes))),
    sent: tiered(price.sentGigabytes, gigabytes(visits * 600)),
    stored: (gigabytes(visits * 937) * price.storedGigabyteMonth * days) / 30,
  });
  const total = (visits: number) => {
    const { lambda, logs, dynamodb, api, sent, stored } = parts(visits);
    const fixed = dynamodb + api + sent + stored;
    return [fixed + lambda[0] + logs[0], fixed + lambda[1] + logs[1]] as const;
  };
  const isTraced = (tracingConfig as { mode: string }).mode === "Active";
  return { parts, total, isTraced };
}

describe("docs/operations.md", () => {
  const page = readFileSync(join(project, "docs/operations.md"), "utf8");
  const row = (start: string) => {
    const line = page.split("\n").find((text) => text.startsWith(`| ${start}`)) ?? assert.fail(start);
    return line.split("|").map((cell) => cell.trim());
  };
  const dollars = (amount: number) => `$${amount.toFixed(2)}`;
  const between = ([low, high]: readonly [number, number]) => `${dollars(low)} to ${dollars(high)}`;
  const million = 1e6;

  /** Costs by column of the table. */
  let columns: [number, Awaited<ReturnType<typeof costs>>][];

  before(async () => {
    const { logRetentionDays } = parse(readFileSync(join(project, "Pulumi.yaml"), "utf8")).config;
    columns = [
      [2, await costs({ logRetentionDays: `${logRetentionDays.default}` }, "dev")],
      [3, await costs({}, "prod")],
    ];
  });

  it("has the price of a million visits, based on the program's settings", () => {
    for (const [column, { parts, total, isTraced }] of columns) {
      const { dynamodb, api, lambda, logs, sent, stored } = parts(million);
      assert.equal(row("DynamoDB")[column], dollars(dynamodb));
      assert.equal(row("HTTP API")[column], dollars(api));
      assert.equal(row("Lambda")[column], between(lambda));
      assert.equal(row("Logs")[column], between(logs));
      assert.equal(row("Data transfer")[column], dollars(sent));
      assert.equal(row("Storing")[column], dollars(stored));
      const traces = between([million * 0.05 * price.trace, million * price.trace]);
      assert.equal(row("`tracing`")[column], isTraced ? traces : "none");
      assert.equal(row("Total")[column], between(total(million)));
    }
  });

  it("has the price of the lines that Lambda itself logs", () => {
    const [, { parts }] = columns[0] ?? assert.fail();
    const [low, high] = parts(million).logs;
    assert.ok(page.includes(`65 % of the logs: ${between([low * 0.65, high * 0.65])}`));
  });

  it("has the monthly price of the program's alarms and metrics", async () => {
    const { resources } = await evaluate();
    const inputsOf = (type: string) =>
      resources.filter((resource) => resource.type === type).map(({ inputs }) => inputs);
    const alarms = inputsOf("aws:cloudwatch/metricAlarm:MetricAlarm");
    const metrics = alarms.flatMap((alarm) => metricsOf(alarm as unknown as Alarm)).length;
    const filters = inputsOf("aws:cloudwatch/logMetricFilter:LogMetricFilter").length;
    assert.equal(row("Alarms")[1], `Alarms: ${alarms.length}, on ${metrics} metrics`);
    assert.equal(row("Alarms")[4], dollars(metrics * price.alarmMetric));
    assert.equal(row("Metrics")[4], dollars(filters * price.metric));
    assert.equal(row("Total")[4], dollars(metrics * price.alarmMetric + filters * price.metric));
  });

  it("has the number of instances and the monthly price at each scale", () => {
    const [, { total }] = columns[0] ?? assert.fail();
    for (const rate of [10, 1000, 10_000, 100_000]) {
      const cells = row(`${rate.toLocaleString("en")} |`);
      assert.equal(cells[2], Math.ceil(rate * 0.02).toLocaleString("en"));
      const [low, high] = total(rate * 30 * 86_400);
      assert.equal(cells[5], `$${Number(((low + high) / 2).toPrecision(2)).toLocaleString("en")}`);
    }
  });

  it("has the results of bench/scale.ts", () => {
    for (const line of rows()) assert.ok(page.includes(`\n${line}\n`), line);
  });
});
