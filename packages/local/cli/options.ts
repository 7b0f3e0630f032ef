import { parseArgs } from "node:util";
import { messageOf, UserError } from "../pulumi/errors";

/** How the user calls this command. */
const command = process.env.npm_lifecycle_event === "start" ? "npm start --" : "npx pulumi-aws-local";

export const help = `Runs the Pulumi program on this machine, without AWS.

  ${command} [options]

  --port NUMBER    port of the first HTTP API, 0 for a free one (default: 3000)
  --stack NAME     use the settings in Pulumi.NAME.yaml (default: dev)
  --data DIR       keep the tables in this folder; by default they end with the run
  --dynamodb URL   use the DynamoDB at this URL, not the embedded one
  --watch          deploy again when a file changes; the data stays
  --logs           show what functions log; errors are always shown
  --verbose        show the event and the result of every invocation
  --inspect[=PORT] let debuggers attach: to the first function at PORT (default: 9229), and so on
  -h, --help       show this text

Ctrl-C ends the run.`;

/** @throws UserError for an unknown option or a wrong value */
export function readOptions(args: string[]) {
  const values = parse(args);
  const port = toPort("port", values.port);
  if (values.dynamodb !== undefined && values.data !== undefined) {
    throw new UserError("--data is for the embedded DynamoDB: leave out --data or --dynamodb.");
  }
  if (values.data === "") throw new UserError("--data takes the path of a folder.");
  const { inspect, ...rest } = values;
  return { ...rest, port, inspectPort: inspect === undefined ? undefined : toPort("inspect", inspect) };
}

function toPort(option: string, text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new UserError(`--${option} takes a number from 0 to 65535, not "${text}".`);
}

const options = {
  port: { type: "string", default: "3000" },
  stack: { type: "string", default: "dev" },
  data: { type: "string" },
  dynamodb: { type: "string" },
  watch: { type: "boolean", default: false },
  logs: { type: "boolean", default: false },
  verbose: { type: "boolean" },
  inspect: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

function parse(args: string[]) {
  // npm keeps options that come before "--" to itself, and sets variables for them.
  const kept = Object.keys(options).find((option) => process.env[`npm_config_${option}`] !== undefined);
  if (kept && process.env.npm_lifecycle_event === "start") {
    throw new UserError(
      `npm has kept --${kept} to itself. Put "--" before the options: npm start -- --${kept}`,
    );
  }
  try {
    // parseArgs doesn't support options with an optional value.
    return parseArgs({ args: args.map((arg) => (arg === "--inspect" ? "--inspect=9229" : arg)), options })
      .values;
  } catch (error) {
    const [problem = ""] = messageOf(error).split(/\.?\n/);
    throw new UserError(`${problem}. See ${command} --help.`);
  }
}
