// npm start: the local run on the command line.

import { parseArgs, styleText } from "node:util";
import type { AnsweredRequest } from "./apis";
import type { Resource } from "./deployment";
import { UserError } from "./project";
import type { Run } from "./run";

const help = `Runs the Pulumi program on this machine, without AWS.

  npm start -- [options]

  --port NUMBER    port of the HTTP API on localhost, 0 for a free one (default: 3000)
  --stack NAME     use the settings in Pulumi.NAME.yaml (default: dev)
  --data DIR       keep the tables in this folder; without it they end with the run
  --dynamodb URL   use the DynamoDB at this URL (DynamoDB Local, say), not the embedded one
  --help           show this text

Ctrl-C ends the run.`;

async function main(): Promise<void> {
  const { help: helpWanted, ...options } = readOptions(process.argv.slice(2));
  if (helpWanted) return console.log(help);

  // Pulumi and its providers take a second to load, which whoever mistypes an option need not wait for.
  const { run } = await import("./run");
  // The SDK would say so in the middle of the deployment.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  console.log(`Deploying stack ${options.stack} on this machine\n`);
  const start = performance.now();
  const created: Resource[] = [];
  const running = await run({
    ...options,
    folder: process.cwd(),
    onCreated(resource) {
      created.push(resource);
      console.log(` ${styleText("green", "+")}  ${resource.type.padEnd(48)}${resource.name}`);
    },
    onRequest: printRequest,
    onLog: (text) => process.stdout.write(styleText("gray", text)),
  });
  printStack(running, created, (performance.now() - start) / 1000);

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, async () => {
      await running.close();
      process.exit(0);
    });
  }
}

function readOptions(args: string[]) {
  const { values } = parse(args);
  if (!/^\d+$/.test(values.port) || Number(values.port) > 65535) {
    throw new UserError(`--port takes a number from 0 to 65535, not "${values.port}".`);
  }
  if (values.dynamodb !== undefined && !/^https?:\/\/[^/]/.test(values.dynamodb)) {
    throw new UserError(`--dynamodb takes a URL such as http://127.0.0.1:8000, not "${values.dynamodb}".`);
  }
  if (values.dynamodb !== undefined && values.data !== undefined) {
    throw new UserError("--data is for the embedded DynamoDB: leave out either it or --dynamodb.");
  }
  return { ...values, port: Number(values.port) };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: "string", default: "3000" },
        stack: { type: "string", default: "dev" },
        data: { type: "string" },
        dynamodb: { type: "string" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UserError(`${error instanceof Error ? error.message : error}. See npm start -- --help.`);
  }
}

/** The outputs as `pulumi up` shows them, and the way into the tables. */
function printStack(
  { outputs, dynamodb, region, notEmulated }: Run,
  created: Resource[],
  seconds: number,
): void {
  const width = Math.max(...Object.keys(outputs).map((name) => name.length));
  console.log("\nOutputs:");
  for (const [name, value] of Object.entries(outputs)) {
    console.log(`    ${name.padEnd(width)}: ${styleText("cyan", JSON.stringify(value))}`);
  }
  console.log(`\nResources:\n    + ${created.length} created in ${seconds.toFixed(1)} s\n`);
  if (notEmulated.length > 0) console.log(styleText("yellow", `not emulated: ${notEmulated.join("; ")}\n`));
  console.log(`DynamoDB is at ${dynamodb} (any credentials). To look into a table:`);
  for (const { physicalName } of created.filter(({ type }) => type === "aws:dynamodb/table:Table")) {
    console.log(
      `    aws dynamodb scan --table-name ${physicalName} --endpoint-url ${dynamodb} --region ${region}`,
    );
  }
  console.log("\nCtrl-C ends the run.\n");
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
  if (!(error instanceof UserError)) throw error;
  console.error(styleText("red", error.message));
  process.exit(1);
});
