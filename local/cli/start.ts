// npm start: the local run on the command line.

import { inspect, styleText } from "node:util";
import type { AnsweredRequest } from "../apigateway/apis";
import type { Outcome } from "../lambda/runtime";
import { UserError } from "../pulumi/errors";
import type { Deployed } from "../run";
import { help, readOptions } from "./options";

async function main(): Promise<void> {
  const { help: helpWanted, watch: watchWanted, verbose, ...options } = readOptions(process.argv.slice(2));
  if (helpWanted) return console.log(help);

  // Pulumi and its providers take a second to load, which whoever mistypes an option need not wait for.
  const { run } = await import("../run");
  console.log(`Deploying stack ${options.stack} on this machine\n`);
  const started = Date.now();
  const folder = process.cwd();
  let isDeployed = false;
  const running = await run({
    ...options,
    folder,
    onCreated({ type, name }) {
      if (!isDeployed) console.log(` ${styleText("green", "+")}  ${type.padEnd(48)}${name}`);
    },
    onRequest: printRequest,
    onLog: (text) => process.stdout.write(styleText("gray", text)),
    onInvoke: verbose ? printInvocation : undefined,
  });
  isDeployed = true;
  printStack(running, running.dynamodb, (Date.now() - started) / 1000);
  const stopWatching = watchWanted ? await watchProject(folder, started, running.redeploy) : () => {};
  console.log("Ctrl-C ends the run.\n");

  let isEnding = false;
  const end = async () => {
    // npm passes on the Ctrl-C that the terminal has already sent.
    if (isEnding) return;
    isEnding = true;
    stopWatching();
    await running.close();
    // Pulumi would list here what a failed deployment has left undone.
    process.removeAllListeners("exit");
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
}

async function watchProject(
  folder: string,
  deployedAt: number,
  redeploy: () => Promise<unknown>,
): Promise<() => void> {
  const { watch } = await import("./watch");
  const onChange = async (problem?: string) => {
    try {
      if (problem) throw new UserError(problem);
      const start = performance.now();
      await redeploy();
      console.log(`Deployed again in ${((performance.now() - start) / 1000).toFixed(1)} s`);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      console.error(`${styleText("red", error.message)}\nWhat was deployed before goes on.`);
    }
  };
  return watch(folder, deployedAt, onChange, () => console.log("Watching for changes.\n"));
}

/** The outputs as `pulumi up` shows them, and the way into the tables. */
function printStack(deployed: Deployed, dynamodb: string, seconds: number): void {
  const { outputs, resources, region, endpoints, notEmulated } = deployed;
  const width = Math.max(...Object.keys(outputs).map((name) => name.length));
  console.log("\nOutputs:");
  for (const [name, value] of Object.entries(outputs)) {
    const text = `${JSON.stringify(value)}`.replace(/(\\n.*?)\\n.*"$/, '$1..."');
    console.log(`    ${name.padEnd(width)}: ${styleText("cyan", text)}`);
  }
  console.log(`\nResources:\n    + ${resources.length} created in ${seconds.toFixed(1)} s\n`);
  // A domain of its own leads elsewhere.
  for (const endpoint of endpoints.filter((known) => !JSON.stringify(outputs).includes(known))) {
    console.log(`Here the API is at ${styleText("cyan", `${endpoint}/`)}\n`);
  }
  if (notEmulated.length > 0) console.log(styleText("yellow", `not emulated: ${notEmulated.join(", ")}\n`));
  console.log(`DynamoDB is at ${dynamodb}. To look into a table (any credentials do):`);
  const credentials = "AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local";
  for (const { physicalName } of resources.filter(({ type }) => type === "aws:dynamodb/table:Table")) {
    console.log(
      `    ${credentials} aws dynamodb scan --table-name ${physicalName} --endpoint-url ${dynamodb} --region ${region}`,
    );
  }
  console.log();
}

function printInvocation(event: object, outcome: Outcome): void {
  const { coldStart, requestId, ...answer } = outcome;
  console.log(styleText("gray", inspect({ requestId, event, ...answer }, { depth: null, breakLength: 110 })));
}

function printRequest({
  method,
  path,
  status,
  milliseconds,
  error,
  coldStart,
  accessLog,
}: AnsweredRequest): void {
  const time = new Date().toTimeString().slice(0, 8);
  const result = styleText(status < 400 ? "green" : status < 500 ? "yellow" : "red", `${status}`);
  const details = [coldStart && "cold start", error].filter(Boolean).join(", ");
  console.log(
    `${time} ${method} ${path} ${result} ${milliseconds.toFixed(0)} ms${details ? ` (${details})` : ""}`,
  );
  if (accessLog) console.log(styleText("gray", accessLog));
}

main().catch((error: unknown) => {
  console.error(error instanceof UserError ? styleText("red", error.message) : error);
  process.exit(1);
});
