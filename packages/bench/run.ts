// npm run bench: measures everything, prints the tables, and writes them to packages/bench/README.md.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../commands/command";
import { createArchives } from "./archives";
import { measureBilled, measureFirstVisits } from "./billed";
import { createTables, startDynamoDB } from "./dynamodb";
import { startNetwork } from "./network";
import { report } from "./report";
import { measureVisits } from "./visits";

const help = `Compares this project with what you would use instead: packages/bench/README.md.

  npm run bench -- [options]

  --quick  a round of everything, in less than a minute; writes no files
  --help   show this text`;

const options = { quick: { type: "boolean" } } as const;

runCommand("bench", help, { options }, async ({ values: { quick: isQuick } }) => {
  const [rounds, visits, billedVisits] = isQuick ? [1, 12, 4] : [15, 80, 12];
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  const contenders = await createArchives(folder);
  const { engine, url } = await startDynamoDB();
  await createTables(contenders, url);
  const network = await startNetwork(Number(new URL(url).port), folder);
  console.error("first visits ...");
  const firstVisits = await measureFirstVisits(contenders, network, rounds);
  console.error("visits ...");
  const visited = await measureVisits(contenders, network, rounds, visits);
  console.error("billed time ...");
  const billed = await measureBilled(contenders, network, rounds, billedVisits);

  const results = report(engine, firstVisits, visited, billed);
  console.log(results);
  if (isQuick) return;
  const page = join(__dirname, "README.md");
  const [before = ""] = readFileSync(page, "utf8").split("## Results");
  writeFileSync(page, `${before}${results}\n`);
});
