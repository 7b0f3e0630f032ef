// npm run bench: measures everything, prints the tables, and keeps them in bench/README.md.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureColdStarts } from "./cold";
import { measureGrowth } from "./growth";
import { plotLatency } from "./plot";
import { measureProgram } from "./program";
import { report } from "./report";
import { measureUnits } from "./units";
import { measureVisits } from "./visits";

const help = `npm run bench -- [options]

  --quick     one or two rounds of everything, in about a minute; writes no files
  --help      show this text`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: "boolean" }, help: { type: "boolean" } },
  });
  if (values.help) return console.log(help);
  console.info = () => {}; // the handler's log
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const sizes = values.quick ? [1000, 5000] : [1000, 100_000, 1_000_000];
  const step = async <Result>(name: string, measure: () => Promise<Result>) => {
    const start = performance.now();
    const result = await measure();
    console.error(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
    return result;
  };
  const results = {
    units: await step("units", measureUnits),
    coldStarts: await step("cold starts", () => measureColdStarts(values.quick ? 1 : 7)),
    program: await step("program", () => measureProgram(values.quick ? 1 : 5)),
    growth: await step("growth", () => measureGrowth(sizes, values.quick ? 1 : 7, values.quick ? 100 : 500)),
    visits: await step("visits", () => measureVisits(values.quick ? 1 : 15, values.quick ? 20 : 80)),
  };
  const tables = report(results);
  console.log(tables);
  if (values.quick) return;
  const readme = join(__dirname, "README.md");
  const [before = ""] = readFileSync(readme, "utf8").split("<!-- results -->");
  writeFileSync(readme, `${before}<!-- results -->\n\n${tables}\n`);
  writeFileSync(join(__dirname, "latency.svg"), plotLatency(results.visits));
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
