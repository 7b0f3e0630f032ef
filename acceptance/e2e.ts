// npm run e2e: deploys a stack of its own, tries it, and deletes it.

import { parseArgs } from "node:util";
import { explain, Failure } from "./failures";
import { watchForInterrupt } from "./interrupt";

const help = `Deploys the program for real, in a stack of its own with a random name: preview, up, what a visit promises,
up again without changes, a change of settings that keeps the data, destroy.

  npm run e2e -- [options]

  --settings NAME  take the settings in Pulumi.NAME.yaml (default: dev), but for a domain, alarms by e-mail and
                   protected data; emulated goes to an emulator of AWS
  --keep           leave the stack as it is at the end
  --help           show this text

It takes about five minutes and costs well below a cent. Ctrl-C deletes what is there by then.`;

const GRACE_MILLISECONDS = 3000;

function readOptions(args: string[]) {
  try {
    const settings = { type: "string", default: "dev" } as const;
    return parseArgs({ args, options: { settings, keep: { type: "boolean" }, help: { type: "boolean" } } })
      .values;
  } catch (error) {
    const [problem = ""] = (error instanceof Error ? error.message : `${error}`).split(/\.?\n/);
    throw new Failure(`${problem}. See npm run e2e -- --help.`);
  }
}

const begun = performance.now();
const show = (line: string) =>
  console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`);

async function main(): Promise<number> {
  const { settings, keep, help: helpWanted } = readOptions(process.argv.slice(2));
  if (helpWanted) {
    console.log(help);
    return 0;
  }
  const interrupt = watchForInterrupt(GRACE_MILLISECONDS, (by) => show(`Interrupted (${by})`));
  // The Automation API takes a moment to load, which a mistyped option shouldn't have to wait for.
  const { tryStack } = await import("./course");
  return tryStack({ folder: process.cwd(), settings, keep, interrupt, show });
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(explain(error));
    process.exit(1);
  },
);
