import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type { ColdStart } from "./cold";
import type { Growth } from "./growth";
import type { Figure } from "./measure";
import type { ProgramTime } from "./program";
import type { Units } from "./units";
import { PARALLEL, type Visits } from "./visits";

export interface Results {
  visits: Visits[];
  units: Units[];
  coldStarts: ColdStart[];
  program: ProgramTime[];
  growth: Growth[];
}

/** On-demand, us-east-1, in dollars for a million request units: https://aws.amazon.com/dynamodb/pricing/on-demand/ */
const PRICE = { write: 0.625, read: 0.125 };

/** The results as Markdown tables. */
export function report({ visits, units, coldStarts, program, growth }: Results): string {
  const unitsOf = (name: string) => units.find((unit) => unit.name === name);
  const cost = (name: string) => {
    const { read = 0, write = 0 } = unitsOf(name) ?? {};
    return read * PRICE.read + write * PRICE.write;
  };
  return [
    machine(),
    "### A visit",
    table(
      ["", ...PARALLEL.map((parallel) => `p50 / p99 at ${parallel}`), "times the floor at 1"],
      visits.map(({ name, loads }) => [
        name,
        ...PARALLEL.map((parallel) => `${ms(loads[parallel]?.p50)} / ${ms(loads[parallel]?.p99)}`),
        times(loads[1]?.timesTheFloor),
      ]),
    ),
    "Latency in milliseconds. The floor is the bare `UpdateItem`.",
    table(
      ["", ...PARALLEL.map((parallel) => `visits/s at ${parallel}`), "our handler's is, at 16"],
      visits.map(({ name, loads }) => [
        name,
        ...PARALLEL.map((parallel) => whole(loads[parallel]?.throughput)),
        `${times(loads[16]?.ofOurThroughput)} times that`,
      ]),
    ),
    table(
      ["", "DynamoDB calls", "read units", "write units", "a million visits", "lost of 64 counts"],
      visits.map(({ name, lost }) => {
        const { calls = 0, read = 0, write = 0 } = unitsOf(name) ?? {};
        return [name, `${calls}`, `${read}`, `${write}`, `$${cost(name).toFixed(4)}`, `${lost}`];
      }),
    ),
    "Of a returning visitor's visit, DynamoDB's part of the price. Lost: of 64 parallel visits to one session.",
    "![Median latency against parallel visitors](latency.svg)",
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
      coldStarts.map(({ name, files, bytes, gzipped, ...times_ }) => [
        name,
        `${files}`,
        `${Math.round(bytes / 1000)}`,
        `${Math.round(gzipped / 1000)}`,
        `${ms(times_.coldLoad)} ms`,
        times(times_.ofDefault),
        `${ms(times_.warmLoad)} ms`,
        `${ms(times_.firstAnswer)} ms`,
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
        `${ms(p50)} ms`,
        `${ms(p99)} ms`,
      ]),
    ),
    "### Targets",
    table(["", "target", "measured", ""], targets({ visits, units, coldStarts, program, growth }, cost)),
  ].join("\n\n");
}

function targets({ visits, units, coldStarts, growth }: Results, cost: (name: string) => number): string[][] {
  const find = (name: string) => visits.find((visit) => visit.name.startsWith(name));
  const handler = find("our handler");
  const latency = handler?.loads[1]?.timesTheFloor.median ?? Number.NaN;
  const overCall = handler?.loads[1]?.timesOurCall.median ?? Number.NaN;
  const article = find("the article")?.loads[16]?.ofOurThroughput.median ?? Number.NaN;
  const express = find("express-session + connect")?.loads[16]?.ofOurThroughput.median ?? Number.NaN;
  const [ours] = coldStarts;
  const first = growth[0]?.p50.median ?? 0;
  const growthRatio = (growth.at(-1)?.p50.median ?? 0) / first;
  const row = (name: string, target: string, value: string, met: boolean) => [
    name,
    target,
    value,
    met ? "met" : "missed",
  ];
  return [
    row("handler's latency, of its own call's", "<= 1.10", overCall.toFixed(2), overCall <= 1.1),
    row("handler's latency, of the bare call's", "<= 1.10", latency.toFixed(2), latency <= 1.1),
    row("throughput at 16, of the article's", ">= 1.8", article.toFixed(2), article >= 1.8),
    row("throughput at 16, of connect-dynamodb's", ">= 1.8", express.toFixed(2), express >= 1.8),
    row("counts lost", "0", `${handler?.lost}`, handler?.lost === 0),
    row(
      "archive, kB gzipped",
      "<= 110",
      `${Math.round((ours?.gzipped ?? 0) / 1000)}`,
      (ours?.gzipped ?? 0) <= 110_000,
    ),
    row(
      "load, of the default archive's",
      "<= 0.6",
      times(ours?.ofDefault),
      (ours?.ofDefault.median ?? 1) <= 0.6,
    ),
    row(
      "price of a visit, of the article's",
      "< 1",
      (cost("our handler") / cost("the article: get, add, put")).toFixed(2),
      cost("our handler") < cost("the article: get, add, put"),
    ),
    row(
      `units of a visit with ${growth.at(-1)?.sessions.toLocaleString("en")} sessions; latency against ${growth[0]?.sessions.toLocaleString("en")}`,
      "1 write; no growth",
      `${units.find(({ name }) => name === "our handler")?.write} write; ${growthRatio.toFixed(2)}`,
      growthRatio <= 1.25,
    ),
  ];
}

function machine(): string {
  const { version } = JSON.parse(
    readFileSync(join(__dirname, "../node_modules/dynalite/package.json"), "utf8"),
  );
  const lock = JSON.parse(readFileSync(join(__dirname, "package-lock.json"), "utf8"));
  const direct = Object.keys(lock.packages[""].dependencies).filter((name) => name !== "tslib");
  const versions = [...direct, "@aws-sdk/client-dynamodb"].map(
    (name) => `${name} ${lock.packages[`node_modules/${name}`].version}`,
  );
  const [cpu] = cpus();
  return `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpu?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}, Node.js ${process.version}, dynalite ${version}, ${versions.join(", ")}. Each figure is the median of several rounds, with the quartiles around it where there is room.`;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const ms = (figure?: Figure) => figure?.median.toFixed(figure.median < 10 ? 2 : 0) ?? "";
const whole = (figure?: Figure) =>
  figure ? `${Math.round(figure.median)} (${Math.round(figure.low)}-${Math.round(figure.high)})` : "";
const times = (figure?: Figure) =>
  figure ? `${figure.median.toFixed(2)} (${figure.low.toFixed(2)}-${figure.high.toFixed(2)})` : "";
