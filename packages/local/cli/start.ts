// The command line: npm start, or npx pulumi-aws-local.

import { once } from "node:events";
import { createServer } from "node:net";
import { constants } from "node:os";
import { UserError } from "../pulumi/errors";
import type { RunOptions } from "../run";
import { deploy, end, ending, fail, isRunning, report, showMistake, showProblem } from "./deployments";
import { help, readOptions } from "./options";
import { createLogPrinter, paint, printCreated, printInvocation, printRequest } from "./output";
import { checkTypes } from "./types";
import { takeSnapshot, watch } from "./watch";

async function main(): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  process.on("unhandledRejection", report).on("uncaughtException", report);
  const {
    help: wantsHelp,
    watch: wantsWatch,
    verbose,
    logs = false,
    ...rest
  } = readOptions(process.argv.slice(2));
  if (wantsHelp) return console.log(help);
  leaveDeveloperSettings();
  await assertFree(rest.inspectPort);

  console.log(`Deploying stack ${rest.stack} on this machine\n`);
  const folder = process.cwd();
  const options: RunOptions = {
    ...rest,
    folder,
    onWaiting: (what) => console.log(paint("yellow", `Still waiting for ${what} ...`)),
    onCreated: (resource) => isRunning() || printCreated(resource),
    onRequest: printRequest,
    onLog: createLogPrinter(logs),
    onInspect: (name, url) => console.log(`Attach a debugger to ${name} at ${url}`),
    onInvoke: verbose ? printInvocation : undefined,
  };
  const { signal } = ending;
  if (!wantsWatch) {
    await deploy(options);
    return void checkTypes(folder, { watch: false, onEnd: showTypeErrors, signal });
  }
  const deployed = takeSnapshot(folder);
  void deploy(options).then(() => console.log("Watching for changes.\n"));
  await watch({
    folder,
    deployed,
    checked: checkTypes(folder, { watch: true, onEnd: showEnd, signal }),
    onChecking: () => console.log("Checking types ..."),
    onChange: (problem) => (problem ? showMistake(problem) : void deploy(options)),
    signal,
  });
}

/** Ends the run with the exit code that a shell reports for a signal. */
async function stop(signal: NodeJS.Signals): Promise<void> {
  // npm passes on the Ctrl-C that the terminal has already sent.
  if (ending.signal.aborted) return;
  await end();
  process.exit(128 + constants.signals[signal]);
}

/** Keeps the developer's own settings for AWS out of the run. */
function leaveDeveloperSettings(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = "/dev/null";
}

/** @throws UserError if the port for a debugger is in use */
async function assertFree(port: number | undefined): Promise<void> {
  if (!port) return;
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening").catch(() => {
    throw new UserError(`Port ${port} is in use. Choose another for the debugger with --inspect=PORT.`);
  });
  server.close();
}

function showEnd(how: string): void {
  showProblem(`The TypeScript compiler has ended (${how}). Changes are deployed without checking types.`);
}

function showTypeErrors(_how: string, problem?: string): void {
  if (problem) showProblem(`${problem}\nThe program was deployed nevertheless.`);
}

main().catch(fail);
