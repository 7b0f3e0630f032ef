// npm run bench: measures everything, prints the tables, and writes them to packages/bench/README.md.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createArchives } from "./archives";
import { measureBilled, measureFirstVisits } from "./billed";
import { createTables, defaultEngine, OptionError, startDynamoDB } from "./dynamodb";
import { startNetwork } from "./network";
import { type Result, report } from "./report";
import { measureVisits } from "./visits";

const help = `npm run bench -- [options]

  --engine NAME   another DynamoDB: embedded, dynoxide, or the URL of one that you have started; writes no files
  --quick         a round of everything, in less than a minute; writes no files
  -h, --help      show this text`;

const FULL = { rounds: 20, visits: 80, billedRounds: 15, billedVisits: 12, firstVisits: 9 };
const QUICK = { rounds: 1, visits: 12, billedRounds: 1, billedVisits: 4, firstVisits: 1 };

const options = {
  engine: { type: "string" },
  quick: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

function readOptions() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const [problem = ""] = (error instanceof Error ? error.message : `${error}`).split(/\.?\n|\. /);
    throw new OptionError(`${problem}. See npm run bench -- --help.`);
  }
}

async function main(): Promise<void> {
  const { engine: other, quick: isQuick, help: isHelp } = readOptions();
  if (isHelp) return console.log(help);
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const engine = other ?? defaultEngine();
  const results = await measure(engine, isQuick ? QUICK : FULL);
  const tables = report(results, engine);
  console.log(tables);
  if (isQuick || other) return;
  const page = join(__dirname, "README.md");
  const [before = ""] = readFileSync(page, "utf8").split("## Results");
  writeFileSync(page, `${before}${tables}\n`);
}

async function measure(engine: string, amounts: typeof FULL): Promise<Result[]> {
  const { rounds, visits, billedRounds, billedVisits, firstVisits } = amounts;
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  const step = <Measured>(name: string, measure: Promise<Measured>) => {
    console.error(`${name} ...`);
    return measure;
  };
  const dynamodb = await startDynamoDB(engine);
  const contenders = await step("archives", createArchives(folder));
  await createTables(contenders, dynamodb);
  const network = await startNetwork(new URL(dynamodb), folder);
  const firsts = await step("first visits", measureFirstVisits(contenders, network, firstVisits));
  const visited = await step("visits", measureVisits(contenders, network, rounds, visits));
  const bills = await step("billed time", measureBilled(contenders, network, billedRounds, billedVisits));
  return contenders.flatMap((contender, i) => {
    const [visit, firstVisit] = [visited[i], firsts[i]];
    return visit && firstVisit ? [{ ...contender, ...visit, firstVisit, billed: bills[i] ?? [] }] : [];
  });
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof OptionError ? error.message : error);
    process.exit(1);
  },
);
