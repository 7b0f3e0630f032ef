// npm run bench: measures everything, prints the tables and writes them to bench/README.md.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureColdStarts } from "./cold";
import { defaultEngine, describe, type Engine, OptionError } from "./dynamodb";
import { measureGrowth } from "./growth";
import { plot } from "./plot";
import { measureProgram } from "./program";
import { reportOthers, reportTargets, reportVisits } from "./report";
import { measureUnits } from "./units";
import { measureVisits } from "./visits";

const help = `npm run bench -- [options]

  --engine NAME   only visits, on another DynamoDB: embedded, dynoxide, or the URL of one that you have started
  --quick         one or two rounds of everything, in less than a minute; writes no files
  --help          show this text`;

/** Seconds that each step takes on two cores. */
const EXPECTED = {
  units: { full: 8, quick: 5 },
  "visits without a network": { full: 80, quick: 6 },
  "visits with a network": { full: 210, quick: 10 },
  "cold starts": { full: 45, quick: 9 },
  program: { full: 60, quick: 11 },
  growth: { full: 150, quick: 5 },
};
type Step = keyof typeof EXPECTED;

const isEngine = (name: string): name is Engine => /^(embedded|dynoxide|http:\/\/[^/]+\/?)$/.test(name);

function readOptions() {
  try {
    const { values } = parseArgs({
      options: { engine: { type: "string" }, quick: { type: "boolean" }, help: { type: "boolean" } },
    });
    const { engine } = values;
    if (engine !== undefined && !isEngine(engine)) {
      throw new OptionError(
        `--engine takes embedded, dynoxide or a URL such as http://127.0.0.1:8000, not "${engine}"`,
      );
    }
    return { ...values, engine };
  } catch (error) {
    const [problem = ""] = (error instanceof Error ? error.message : `${error}`).split(/\.?\n|\. /);
    throw new OptionError(`${problem}. See npm run bench -- --help.`);
  }
}

async function main(): Promise<void> {
  const { engine: other, quick = false, help: isHelp } = readOptions();
  if (isHelp) return console.log(help);
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const engine: Engine = other ?? defaultEngine();
  const [rounds, visits] = quick ? [1, 20] : [25, 80];

  const visitSteps: Step[] = ["units", "visits without a network", "visits with a network"];
  const steps = other ? visitSteps : (Object.keys(EXPECTED) as Step[]);
  const expected = (name: Step) => EXPECTED[name][quick ? "quick" : "full"];
  const total = steps.reduce((sum, name) => sum + expected(name), 0);
  const start = performance.now();
  let begun = 0;
  const step = async <Result>(name: Step, measure: () => Promise<Result>) => {
    // This machine may be slower or faster than the one that the figures come from.
    const pace = begun ? (performance.now() - start) / 1000 / begun : 1;
    const seconds = (expected: number) => `${Math.round(expected * pace)} s`;
    console.error(`${name}: about ${seconds(expected(name))}, ${seconds(total - begun)} to the end`);
    begun += expected(name);
    return measure();
  };

  const visitResults = {
    engine,
    units: await step("units", () => measureUnits(engine)),
    direct: await step("visits without a network", () => measureVisits(engine, false, rounds, visits)),
    network: await step("visits with a network", () => measureVisits(engine, true, rounds, visits)),
  };
  const otherResults = other
    ? undefined
    : {
        coldStarts: await step("cold starts", () => measureColdStarts(quick ? 1 : 7)),
        program: await step("program", () => measureProgram(quick ? 1 : 5)),
        growth: await step("growth", () =>
          quick ? measureGrowth([1000, 5000], 1, 100) : measureGrowth([1000, 100_000, 1_000_000], 7, 500),
        ),
      };
  const tables = [
    other ? `## Visits on ${describe(other)}` : "## Results",
    ...reportVisits(visitResults),
    ...(otherResults ? reportOthers(otherResults) : []),
    ...reportTargets(visitResults, otherResults),
  ].join("\n\n");
  console.log(tables);
  if (quick) return;
  keep(other ? `results on ${other}` : "results", tables);
  if (!other) writeFileSync(join(__dirname, "comparison.svg"), plot(visitResults));
}

/** Replaces a section of the README, from its marker to the next one. */
function keep(marker: string, tables: string): void {
  const file = join(__dirname, "README.md");
  const sections = readFileSync(file, "utf8").split(/^(?=<!-- )/m);
  const own = sections.findIndex((section) => section.startsWith(`<!-- ${marker} -->`));
  sections.splice(own < 0 ? sections.length : own, 1, `<!-- ${marker} -->\n\n${tables}\n\n`);
  writeFileSync(file, `${sections.join("").trimEnd()}\n`);
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof OptionError ? error.message : error);
    process.exit(1);
  },
);
