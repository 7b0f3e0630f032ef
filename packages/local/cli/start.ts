// The command line: npm start, or npx pulumi-aws-local.

import { UserError } from "../pulumi/errors";
import type { Run } from "../run";
import { help, readOptions } from "./options";
import {
  createLogPrinter,
  paint,
  printCreated,
  printInvocation,
  printRequest,
  printStack,
  printUrls,
} from "./output";

let isEnding = false;

async function main(): Promise<void> {
  const started = Date.now();
  const {
    help: wantsHelp,
    watch: wantsWatch,
    verbose,
    logs = false,
    ...options
  } = readOptions(process.argv.slice(2));
  if (wantsHelp) return console.log(help);
  leaveDeveloperSettings();

  let running: Run | undefined;
  const interrupt = new AbortController();
  const end = async () => {
    // npm passes on the Ctrl-C that the terminal has already sent.
    if (isEnding) return;
    isEnding = true;
    interrupt.abort();
    // The first deployment cleans up by itself.
    if (!running) return;
    await running.close();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);

  console.log(`Deploying stack ${options.stack} on this machine\n`);
  const folder = process.cwd();
  const { takeSnapshot, watch } = await import("./watch");
  const deployed = wantsWatch ? takeSnapshot(folder) : new Map();
  // Loaded only now: Pulumi takes a second, which is too long to wait for the message about a mistyped option.
  const { run } = await import("../run");
  running = await run({
    ...options,
    folder,
    signal: interrupt.signal,
    onWaiting: (what) => console.log(paint("yellow", `Waiting for ${what} ...`)),
    onCreated: (resource) => running ?? printCreated(resource),
    onRequest: printRequest,
    onLog: createLogPrinter(logs),
    onInspect: (name, url) => console.log(`Attach a debugger to ${name} at ${url}`),
    onInvoke: verbose ? printInvocation : undefined,
    onFailure: fail,
  });
  surviveProgram();
  const embedded = options.dynamodb ? undefined : running.dynamodb;
  printStack(running, embedded, (Date.now() - started) / 1000);
  if (!wantsWatch) return;
  console.log("Watching for changes.\n");
  const onChange = redeploying(running);
  await watch({ folder, deployed, onChange, onProblem: showProblem, signal: interrupt.signal });
}

/** Keeps the developer's own settings for AWS out of the run. */
function leaveDeveloperSettings(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = "/dev/null";
}

const problems = new Set<string>();

/** Keeps the run going when a program throws after its deployment, or in several places at once. */
function surviveProgram(): void {
  const report = (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    // If a deployment failed because of it, that has been reported by then.
    setTimeout(() => {
      if ([...problems].some((problem) => problem.includes(message))) return;
      showProblem(`The program failed: ${message}`);
    }, 100);
  };
  process.on("unhandledRejection", report).on("uncaughtException", report);
}

function showProblem(problem: string): void {
  problems.add(problem);
  console.error(paint("red", problem));
}

/** Deploys again, or says why not. */
function redeploying(running: Run) {
  let { endpoints } = running;
  return async (problem?: string) => {
    problems.clear();
    try {
      if (problem) throw new UserError(problem);
      const start = performance.now();
      const deployed = await running.redeploy();
      console.log(`Deployed again in ${((performance.now() - start) / 1000).toFixed(1)} s`);
      if (`${deployed.endpoints}` !== `${endpoints}`) printUrls(deployed);
      endpoints = deployed.endpoints;
    } catch (error) {
      if (isEnding) return;
      showProblem(error instanceof Error ? error.message : String(error));
      console.error("What was deployed before goes on.");
    }
  };
}

function fail(error: unknown): void {
  console.error(error instanceof UserError ? paint("red", error.message) : error);
  process.exit(1);
}

main().catch((error: unknown) => {
  if (isEnding) process.exit(130);
  fail(error);
});
