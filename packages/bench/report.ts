// The results as Markdown.

import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import type { Contender } from "./archives";
import { type Billed, MEMORIES } from "./billed";
import { priceOfTime } from "./lambda";
import type { Units } from "./network";
import type { Figure } from "./rounds";
import { AT_ONCE, PARALLEL, type VisitResult } from "./visits";

/** What was measured of a contender. */
export interface Result extends Contender, VisitResult {
  firstVisit: { init: number; visit: number };
  /** By memory; empty without root or Linux. */
  billed: Billed;
}

/** On-demand, us-east-1, in dollars for a million request units: https://aws.amazon.com/dynamodb/pricing/on-demand/ */
const PRICE = { write: 0.625, read: 0.125 };

/** What DynamoDB charges for a million such requests, in dollars. */
const priceOf = ({ read, write }: Units) => read * PRICE.read + write * PRICE.write;

export function report(results: Result[], engine: string): string {
  const billed = (kind: keyof Billed[number]) => {
    const cell = (figure: Figure, memory: number) =>
      `${ms(figure.median)} ms (${ms(figure.low)}-${ms(figure.high)}), ${price(priceOfTime(memory, figure.median))}`;
    const columns = MEMORIES.map((memory, i): [string, Column] => [
      `${memory} MB`,
      ({ billed }) => (billed[i] ? cell(billed[i][kind], memory) : "needs root on Linux"),
    ]);
    return table(results, Object.fromEntries(columns));
  };
  return [
    "## Results",
    `${circumstances(engine)}. ${versions()}. Medians of several rounds; quartiles in parentheses.`,
    "### What Lambda bills for a visit",
    "Milliseconds, and dollars for a million, without DynamoDB and the price per request. After a pause:",
    billed("alone"),
    "Right after the last one:",
    billed("busy"),
    "### A visit",
    table(results, {
      "p50, ms": ({ p50 }) => ms(p50.median),
      "p99, ms": ({ p99 }) => ms(p99.median),
      "of the floor's p50": ({ ofFloor }) => ratio(ofFloor),
      [`visits/s, ${PARALLEL} at once`]: ({ throughput }) => throughput.median.toFixed(0),
      "ours / theirs": ({ oursOfThis }) => ratio(oursOfThis),
    }),
    `What it consumes, and what is lost of ${AT_ONCE} visits or of changes to ${AT_ONCE} values, at once:`,
    table(results, {
      ...consumption("visit"),
      "counts lost": ({ lost }) => `${lost.counts}`,
      "changes lost": ({ lost }) => `${lost.changes}`,
    }),
    "### A page that only reads",
    table(results, {
      ...consumption("read"),
      "p50, ms": ({ readP50 }) => ms(readP50.median),
      "of the floor's p50": ({ readOfFloor }) => ratio(readOfFloor),
    }),
    "### A new instance",
    table(results, {
      "archive, kB gzipped": ({ gzipped }) => (gzipped / 1000).toFixed(0),
      "INIT, ms of CPU": ({ firstVisit }) => ms(firstVisit.init),
      "first visit": ({ firstVisit }) => ms(firstVisit.visit),
      together: ({ firstVisit: { init, visit } }) => ms(init + visit),
    }),
  ].join("\n\n");
}

type Column = (result: Result) => string;
type Columns = Record<string, Column>;

const consumption = (kind: "visit" | "read"): Columns => ({
  calls: ({ units }) => `${units[kind].calls}`,
  "read units": ({ units }) => `${units[kind].read}`,
  "write units": ({ units }) => `${units[kind].write}`,
  "DynamoDB, a million": ({ units }) => price(priceOf(units[kind])),
});

/** When, where and on what. */
function circumstances(engine: string): string {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), load average ${loadavg()[1]?.toFixed(1)}`;
  return `${date}, ${machine}, Node.js ${process.version}, DynamoDB: ${engine}`;
}

function versions(): string {
  const lock = JSON.parse(readFileSync(join(__dirname, "package-lock.json"), "utf8"));
  const sdk = ["@aws-sdk/client-dynamodb", "@dynoxide/linux-x64"];
  return ["@architect/functions", "connect-dynamodb", "express", "express-session", ...sdk]
    .map((name) => `${name} ${lock.packages[`node_modules/${name}`].version}`)
    .join(", ");
}

function table(results: Result[], columns: Columns): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const head = ["", ...Object.keys(columns)];
  const rows = results.map((result) => [result.name, ...Object.values(columns).map((cell) => cell(result))]);
  return [head, head.map(() => "---"), ...rows].map(line).join("\n");
}

const ms = (value: number) => value.toFixed(value < 20 ? 1 : 0);
const price = (dollars: number) => `$${dollars.toFixed(3)}`;
const ratio = ({ median, low, high }: Figure) =>
  `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
