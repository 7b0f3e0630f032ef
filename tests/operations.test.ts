import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Alarm, metricsOf } from "./support/alarms";
import { evaluate } from "./support/evaluate";
import { project } from "./support/project";

/**
 * Prices for us-east-1 in dollars:
 * https://aws.amazon.com/dynamodb/pricing/on-demand/ https://aws.amazon.com/api-gateway/pricing/
 * https://aws.amazon.com/lambda/pricing/ https://aws.amazon.com/cloudwatch/pricing/ https://aws.amazon.com/xray/pricing/
 */
const price = {
  writeUnit: 0.625e-6,
  request: 1e-6,
  invocation: 0.2e-6,
  /** Of an arm64 function. */
  gigabyteSecond: 0.0000133334,
  logByte: 0.5 / 2 ** 30,
  alarmMetric: 0.1,
  metric: 0.3,
  trace: 5e-6,
};

describe("the page about operations", () => {
  const page = readFileSync(join(project, "docs/operations.md"), "utf8");
  const row = (start: string) => {
    const line = page.split("\n").find((text) => text.startsWith(`| ${start}`)) ?? assert.fail(start);
    return line.split("|").map((cell) => cell.trim());
  };
  const dollars = (amount: number) => `$${amount.toFixed(2)}`;
  const between = (low: number, high: number) => `${dollars(low)} to ${dollars(high)}`;

  let lambda: [number, number];
  let logs: [number, number];
  const million = 1e6;

  before(() => {
    const settings = readFileSync(join(project, "Pulumi.yaml"), "utf8");
    const [, memory] = /memorySize:\s+type: integer\s+default: (\d+)/.exec(settings) ?? [];
    const visit = (seconds: number) =>
      price.invocation + (price.gigabyteSecond * Number(memory) * seconds) / 1024;
    lambda = [million * visit(0.01), million * visit(0.03)];
    logs = [million * 781 * price.logByte, million * 937 * price.logByte];
  });

  it("has the prices of a million visits", () => {
    assert.equal(row("DynamoDB")[2], dollars(million * price.writeUnit));
    assert.equal(row("HTTP API")[2], dollars(million * price.request));
    assert.equal(row("Lambda")[2], between(...lambda));
    assert.equal(row("Logs")[2], between(...logs));
    assert.equal(row("`tracing`")[2], between(million * 0.05 * price.trace, million * price.trace));
  });

  it("has the price of a month, from the alarms and metrics that the program declares", async () => {
    const { resources } = await evaluate();
    const inputsOf = (type: string) =>
      resources.filter((resource) => resource.type === type).map(({ inputs }) => inputs);
    const alarms = inputsOf("aws:cloudwatch/metricAlarm:MetricAlarm");
    const metrics = alarms.flatMap((alarm) => metricsOf(alarm as unknown as Alarm)).length;
    const filters = inputsOf("aws:cloudwatch/logMetricFilter:LogMetricFilter").length;
    assert.equal(row("Alarms")[1], `Alarms: ${alarms.length}, on ${metrics} metrics`);
    assert.equal(row("Alarms")[3], dollars(metrics * price.alarmMetric));
    assert.equal(row("Metrics")[3], dollars(filters * price.metric));
    assert.equal(row("Together")[3], dollars(metrics * price.alarmMetric + filters * price.metric));
  });

  it("adds up", () => {
    const sum = (i: 0 | 1) => million * (price.writeUnit + price.request) + lambda[i] + logs[i];
    assert.equal(row("Together")[2], between(sum(0), sum(1)));
    for (const rate of [10, 1000, 10_000, 100_000]) {
      const cells = row(`${rate.toLocaleString("en")} |`);
      assert.equal(cells[2], Math.ceil(rate * 0.02).toLocaleString("en"));
      const month = (rate * 30 * 86_400 * (sum(0) + sum(1))) / 2 / million;
      assert.equal(cells[5], `$${Math.round(month).toLocaleString("en")}`);
    }
  });
});
