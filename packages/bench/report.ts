import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type { ColdStart } from "./cold";
import { describe, type Engine } from "./dynamodb";
import type { Growth } from "./growth";
import type { Figure } from "./measure";
import { delays } from "./network";
import type { ProgramTime } from "./program";
import type { Units } from "./units";
import { AT_ONCE, type Visits } from "./visits";

/** Visits on one engine. */
export interface VisitResults {
  engine: Engine;
  direct: Visits[];
  network: Visits[];
  units: Units[];
}

/** Results that don't depend on the engine. */
export interface OtherResults {
  coldStarts: ColdStart[];
  program: ProgramTime[];
  growth: Growth[];
}

/** On-demand, us-east-1, in dollars for a million request units: https://aws.amazon.com/dynamodb/pricing/on-demand/ */
const PRICE = { write: 0.625, read: 0.125 };

/** DynamoDB's part of the price of a million visits, in dollars; NaN if the engine doesn't report units. */
export function price(units: Units[], name: string): number {
  const { read, write } = units.find((unit) => unit.name === name) ?? {};
  return (read ?? Number.NaN) * PRICE.read + (write ?? Number.NaN) * PRICE.write;
}

/** Visits as Markdown tables. */
export function reportVisits({ engine, direct, network, units }: VisitResults): string[] {
  const { write, strongRead, eventualRead } = delays;
  return [
    machine(engine),
    "### A visit",
    `With the network: TLS, and DynamoDB answers writes after ${ms(write.median)} ms (p99 ${ms(write.p99)}), strongly consistent reads after ${ms(strongRead.median)} ms (${ms(strongRead.p99)}), eventually consistent ones after ${ms(eventualRead.median)} ms (${ms(eventualRead.p99)}).`,
    loadTable(network),
    "Without it:",
    loadTable(direct),
    "Latency and CPU time in milliseconds, for 1 or 16 visitors at a time. The floor is the bare `UpdateItem` with one visitor. CPU time is the contender's process's, without DynamoDB.",
    table(
      ["", "DynamoDB calls", "read units", "write units", "a million visits", `lost of ${AT_ONCE} counts`],
      network.map(({ name, lost }) => {
        const unit = units.find((unit) => unit.name === name);
        const dollars = price(units, name);
        const counts = [unit?.calls, unit?.read, unit?.write].map((count) => `${count ?? "not reported"}`);
        return [name, ...counts, dollars ? `$${dollars.toFixed(4)}` : "unknown", `${lost}`];
      }),
    ),
    `A visit by a returning visitor; the price is DynamoDB's part. Lost: counts lost when ${AT_ONCE} visits to one session arrive at once, with the network.`,
  ];
}

const loadTable = (visits: Visits[]) =>
  table(
    [
      "",
      "p50 at 1",
      "p99 at 1",
      "times the floor",
      "p50 at 16",
      "p99 at 16",
      "visits/s at 16",
      "ours / theirs",
      "CPU at 16",
    ],
    visits.map(({ name, loads: { 1: one, 16: sixteen } }) => [
      name,
      ms(one?.p50.median),
      ms(one?.p99.median),
      times(one?.timesTheFloor),
      ms(sixteen?.p50.median),
      ms(sixteen?.p99.median),
      whole(sixteen?.throughput),
      times(sixteen?.ofOurThroughput),
      ms(sixteen?.cpu.median),
    ]),
  );

/** The other results as Markdown tables. */
export const reportOthers = ({ coldStarts, program, growth }: OtherResults): string[] => [
  "### A cold start",
  table(
    [
      "",
      "files",
      "kB",
      "kB gzipped",
      "load, cold file cache",
      "of the default's",
      "load, warm",
      "first answer",
    ],
    coldStarts.map(({ name, files, bytes, gzipped, coldLoad, ofDefault, warmLoad, firstAnswer }) => [
      name,
      `${files}`,
      `${Math.round(bytes / 1000)}`,
      `${Math.round(gzipped / 1000)}`,
      `${ms(coldLoad.median)} ms`,
      times(ofDefault),
      `${ms(warmLoad.median)} ms`,
      `${ms(firstAnswer.median)} ms`,
    ]),
  ),
  "### The program",
  table(
    ["", "seconds"],
    program.map(({ name, seconds }) => [name, times(seconds)]),
  ),
  "### Growth",
  table(
    ["sessions in the table", "visits/s at 16", "p50", "p99"],
    growth.map(({ sessions, throughput, p50, p99 }) => [
      sessions.toLocaleString("en"),
      whole(throughput),
      `${ms(p50.median)} ms`,
      `${ms(p99.median)} ms`,
    ]),
  ),
];

/** Each target with its measured value, with the network, and whether it was met. */
export function reportTargets({ network, units }: VisitResults, others?: OtherResults): string[] {
  const find = (name: string) => network.find((visit) => visit.name === name);
  const ours = find("our handler");
  const rows: string[][] = [];
  const check = (
    name: string,
    comparison: "<=" | ">=",
    limit: number,
    value: number | Figure = Number.NaN,
  ) => {
    const measured = typeof value === "number" ? value : value.median;
    const met = comparison === "<=" ? measured <= limit : measured >= limit;
    const shown = typeof value === "number" ? `${Math.round(value * 100) / 100}` : times(value);
    rows.push([name, `${comparison} ${limit}`, shown, met ? "met" : "**missed**"]);
  };
  check("our latency, of the bare `UpdateItem`'s", "<=", 1.1, ours?.loads[1]?.timesTheFloor);
  check("our latency, of our `UpdateItem`'s without the handler", "<=", 1.1, ours?.loads[1]?.timesOurCall);
  for (const name of [
    "the article: get, add, put",
    "express-session + connect-dynamodb",
    "@architect/functions",
  ]) {
    check(`our throughput at 16, of ${name}'s`, ">=", 1.8, find(name)?.loads[16]?.ofOurThroughput);
  }
  check("counts lost", "<=", 0, ours?.lost);
  const article = price(units, "the article: get, add, put");
  check("price of a visit, of the article's", "<=", 1, price(units, "our handler") / article);
  if (others) {
    const [archive] = others.coldStarts;
    check("archive, kB gzipped", "<=", 110, (archive?.gzipped ?? Number.NaN) / 1000);
    check("load, of the default archive's", "<=", 0.6, archive?.ofDefault);
    const [first, last] = [others.growth[0], others.growth.at(-1)];
    const growth = (last?.p50.median ?? Number.NaN) / (first?.p50.median ?? 0);
    const sessions = [last, first].map((growth) => growth?.sessions.toLocaleString("en"));
    check(`latency with ${sessions.join(" sessions, of that with ")}`, "<=", 1.25, growth);
  }
  return ["### Targets", "Visits are those with the network.", table(["", "target", "measured", ""], rows)];
}

/** The date, the machine and the engine, for the report and the picture. */
export function circumstances(engine: Engine): string {
  const [cpu] = cpus();
  const system = `${cpus().length} cores (${cpu?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}`;
  return `${new Date().toISOString().slice(0, 10)}, ${system}, Node.js ${process.version}, ${describe(engine)}`;
}

function machine(engine: Engine): string {
  const lock = JSON.parse(readFileSync(join(__dirname, "package-lock.json"), "utf8"));
  const compared = Object.keys(lock.packages[""].dependencies).filter(
    (name) => !/^(tslib|selfsigned)$/.test(name),
  );
  const versions = [...compared, "@aws-sdk/client-dynamodb"].map(
    (name) => `${name} ${lock.packages[`node_modules/${name}`].version}`,
  );
  return `${circumstances(engine)}, ${versions.join(", ")}. Each figure is the median of several rounds, where possible with the quartiles in parentheses.`;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const ms = (value = Number.NaN) => value.toFixed(value < 10 ? 2 : 0);
const whole = (figure?: Figure) =>
  figure ? `${Math.round(figure.median)} (${Math.round(figure.low)}-${Math.round(figure.high)})` : "";
const times = (figure?: Figure) =>
  figure ? `${figure.median.toFixed(2)} (${figure.low.toFixed(2)}-${figure.high.toFixed(2)})` : "";
