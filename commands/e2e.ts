// npm run e2e: deploys a temporary stack, tests it, and deletes it.

import { explain } from "./errors";
import { watchForInterrupt } from "./interrupt";
import { parseOptions } from "./options";

const help = `Deploys the program as a temporary stack with a random name and tests it: preview, up, the checks of
npm run verify, up without changes, a change of settings that keeps the data, destroy.

  npm run e2e -- [options]

  --settings NAME  use the settings in Pulumi.NAME.yaml (default: dev), except for the domain, alarm e-mails and
                   data protection; "emulated" deploys to an AWS emulator
  --keep           keep the stack at the end
  --help           show this text

It takes about five minutes and costs well under a cent. Ctrl-C deletes what has been created so far.`;

const GRACE_MILLISECONDS = 3000;

const startTime = performance.now();
const show = (line: string) =>
  console.log(`${((performance.now() - startTime) / 1000).toFixed(1).padStart(6)} s  ${line}`);

async function main(): Promise<number> {
  const { values } = parseOptions("e2e", {
    options: {
      settings: { type: "string", default: "dev" },
      keep: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const interrupt = watchForInterrupt(GRACE_MILLISECONDS, (name) => show(`Interrupted (${name})`));
  // The Automation API is slow to load; a mistyped option shouldn't wait for it.
  const { testLifecycle } = await import("./lifecycle");
  const { settings, keep } = values;
  return testLifecycle({ folder: process.cwd(), settings, keep, interrupt, show });
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(explain(error));
    process.exit(1);
  },
);
