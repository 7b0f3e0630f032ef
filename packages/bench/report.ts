// The results as Markdown.

import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { type Billed, type FirstVisit, MEMORIES } from "./billed";
import { priceOfTime } from "./lambda";
import type { Figure } from "./rounds";
import { AT_ONCE, PARALLEL, type Visits } from "./visits";

/** On-demand, us-east-1, in dollars for a million request units: https://aws.amazon.com/dynamodb/pricing/on-demand/ */
const PRICE = { write: 0.625, read: 0.125 };

/** The tables. Each has a row for each contender. */
export function report(engine: string, firstVisits: FirstVisit[], visits: Visits[], billed: Billed[]) {
  return [
    "## Results",
    `${circumstances(engine)}. Medians of several rounds; quartiles in parentheses.`,
    "### What Lambda bills for a visit",
    ...(billed[0]?.sizes.length ? [chart(billed)] : []),
    "Milliseconds, and dollars for a million, without DynamoDB and the price per request. After a pause:",
    table(billed, bills("alone")),
    "Right after the last one:",
    table(billed, bills("busy")),
    "### A visit",
    table(visits, {
      "p50, ms": ({ p50 }) => ms(p50),
      "of the floor's p50": ({ ofFloor }) => ratio(ofFloor),
      [`visits/s, ${PARALLEL} at once`]: ({ throughput }) => throughput.toFixed(0),
      "ours / theirs": ({ oursOfThis }) => ratio(oursOfThis),
    }),
    `What it consumes, and what is lost of ${AT_ONCE} visits or of changes to ${AT_ONCE} values, at once:`,
    table(visits, {
      ...consumption("visit"),
      "counts lost": ({ lost }) => `${lost.counts}`,
      "changes lost": ({ lost }) => `${lost.changes}`,
    }),
    "### A page that only reads",
    table(visits, {
      ...consumption("read"),
      "p50, ms": ({ readP50 }) => ms(readP50),
      "of the floor's p50": ({ readOfFloor }) => ratio(readOfFloor),
    }),
    "### A new instance",
    table(firstVisits, {
      "archive, kB gzipped": ({ gzipped }) => (gzipped / 1000).toFixed(0),
      "INIT, ms of CPU": ({ init }) => ms(init),
      "first visit": ({ visit }) => ms(visit),
      together: ({ init, visit }) => ms(init + visit),
    }),
  ].join("\n\n");
}

/** A chart of the billed time with the default memory, which GitHub renders. */
function chart(billed: Billed[]): string {
  const values = billed.map(({ sizes }) => sizes[MEMORIES.indexOf(256)]?.alone.median ?? 0);
  return [
    "```mermaid",
    '%%{init: { "xyChart": { "height": 260 } }}%%',
    "xychart-beta horizontal",
    '  title "Billed milliseconds of a visit at 256 MB, simulated"',
    `  x-axis [${billed.map(({ name }) => `"${name}"`).join(", ")}]`,
    `  y-axis "with DynamoDB at the distance measured in AWS" 0 --> ${Math.ceil(Math.max(...values))}`,
    `  bar [${values.map(ms).join(", ")}]`,
    "```",
  ].join("\n");
}

type Columns<Measured> = Record<string, (measured: Measured) => string>;

function bills(kind: "alone" | "busy"): Columns<Billed> {
  const columns = MEMORIES.map((memory, i): [string, Columns<Billed>[string]] => [
    `${memory} MB`,
    ({ sizes }) => {
      if (!sizes[i]) return "needs root on Linux";
      const { median, low, high } = sizes[i][kind];
      return `${ms(median)} ms (${ms(low)}-${ms(high)}), ${price(priceOfTime(memory, median))}`;
    },
  ]);
  return Object.fromEntries(columns);
}

const consumption = (kind: "visit" | "read"): Columns<Visits> => ({
  calls: ({ units }) => `${units[kind].calls}`,
  "read units": ({ units }) => `${units[kind].read}`,
  "write units": ({ units }) => `${units[kind].write}`,
  "DynamoDB, a million": ({ units }) =>
    price(units[kind].read * PRICE.read + units[kind].write * PRICE.write),
});

/** When, where and on what. */
function circumstances(engine: string): string {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), load average ${loadavg()[1]?.toFixed(1)}`;
  const lock = JSON.parse(readFileSync(join(__dirname, "package-lock.json"), "utf8"));
  const sdk = ["@aws-sdk/client-dynamodb", "@dynoxide/linux-x64"];
  const versions = ["@architect/functions", "connect-dynamodb", "express", "express-session", ...sdk]
    .map((name) => `${name} ${lock.packages[`node_modules/${name}`].version}`)
    .join(", ");
  return `${date}, ${machine}, Node.js ${process.version}, DynamoDB: ${engine}. ${versions}`;
}

function table<Measured extends { name: string }>(rows: Measured[], columns: Columns<Measured>): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const head = ["", ...Object.keys(columns)];
  const body = rows.map((row) => [row.name, ...Object.values(columns).map((cell) => cell(row))]);
  return [head, head.map(() => "---"), ...body].map(line).join("\n");
}

const ms = (value: number) => value.toFixed(value < 20 ? 1 : 0);
const price = (dollars: number) => `$${dollars.toFixed(3)}`;
const ratio = ({ median, low, high }: Figure) =>
  `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
