// npm start: the local run on the command line.

import { UserError } from "../pulumi/errors";
import type { Deployed, Run } from "../run";
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
  const { help: helpWanted, watch, verbose, logs = false, ...options } = readOptions(process.argv.slice(2));
  if (helpWanted) return console.log(help);
  leaveDeveloperSettings();

  let running: Run | undefined;
  let stopWatching = () => {};
  const interrupt = new AbortController();
  const end = async () => {
    // npm passes on the Ctrl-C that the terminal has already sent.
    if (isEnding) return;
    isEnding = true;
    interrupt.abort();
    stopWatching();
    // A first deployment cleans up by itself.
    if (!running) return;
    await running.close();
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);

  // Pulumi and its providers take a second to load, which a mistyped option shouldn't have to wait for.
  const { run } = await import("../run");
  console.log(`Deploying stack ${options.stack} on this machine\n`);
  const folder = process.cwd();
  running = await run({
    ...options,
    folder,
    signal: interrupt.signal,
    onWaiting: (what) => console.log(paint("yellow", `Waiting for ${what} ...`)),
    onCreated: (resource) => running ?? printCreated(resource),
    onRequest: (request) => printRequest(request, logs),
    onLog: createLogPrinter(logs),
    onInspect: (name, url) => console.log(`Attach a debugger to ${name} at ${url}`),
    onInvoke: verbose ? printInvocation : undefined,
    onFailure: fail,
  });
  surviveProgram();
  printStack(running, running.dynamodb, (Date.now() - started) / 1000);
  if (watch) stopWatching = await watchProject(folder, started, running);
}

/** The run is as it would be on any machine: without the developer's own settings for AWS. */
function leaveDeveloperSettings(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
  process.env.AWS_CONFIG_FILE = process.env.AWS_SHARED_CREDENTIALS_FILE = "/dev/null";
}

const problems = new Set<string>();

/** What a program does wrong later on, or in several places at once, does not end the run. */
function surviveProgram(): void {
  const report = (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    // A deployment that failed of it says so first.
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

async function watchProject(folder: string, deployedAt: number, running: Run) {
  const { watch } = await import("./watch");
  let deployed: Deployed = running;
  const onChange = async (problem?: string) => {
    if (isEnding) return;
    problems.clear();
    try {
      if (problem) throw new UserError(problem);
      const start = performance.now();
      const before = deployed;
      deployed = await running.redeploy();
      console.log(`Deployed again in ${((performance.now() - start) / 1000).toFixed(1)} s`);
      if (`${deployed.endpoints}` !== `${before.endpoints}`) printUrls(deployed);
    } catch (error) {
      if (isEnding) return;
      showProblem(error instanceof Error ? error.message : String(error));
      console.error("What was deployed before goes on.");
    }
  };
  return watch({
    folder,
    deployedAt,
    onChange,
    onReady: () => console.log("Watching for changes.\n"),
    onProblem: showProblem,
  });
}

function fail(error: unknown): void {
  console.error(error instanceof UserError ? paint("red", error.message) : error);
  process.exit(1);
}

main().catch((error: unknown) => {
  if (isEnding) process.exit(130);
  fail(error);
});
