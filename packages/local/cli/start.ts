// The command line: npm start, or npx pulumi-aws-local.

import { once } from "node:events";
import { createServer } from "node:net";
import { constants } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { messageOf, UserError } from "../pulumi/errors";
import type { Run, RunOptions } from "../run";
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
import { checkTypes } from "./types";
import { takeSnapshot, watch } from "./watch";

const ending = new AbortController();
let running: Run | undefined;
/** The last deployment. It never rejects. */
let last: Promise<unknown> = Promise.resolve();
let attempt = new AbortController();

async function main(): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  process.on("unhandledRejection", report).on("uncaughtException", report);
  const {
    help: wantsHelp,
    watch: wantsWatch = false,
    verbose,
    logs = false,
    ...options
  } = readOptions(process.argv.slice(2));
  if (wantsHelp) return console.log(help);
  leaveDeveloperSettings();
  await assertFree(options.inspectPort);

  console.log(`Deploying stack ${options.stack} on this machine\n`);
  const folder = process.cwd();
  const deployed = takeSnapshot(folder);
  let isSlow = () => {};
  const slow = new Promise<void>((resolve) => {
    isSlow = resolve;
  });
  const runOptions: RunOptions = {
    ...options,
    folder,
    onWaiting(what) {
      console.log(paint("yellow", `Still waiting for ${what} ...`));
      isSlow();
    },
    onCreated: (resource) => running ?? printCreated(resource),
    onRequest: printRequest,
    onLog: createLogPrinter(logs),
    onInspect: (name, url) => console.log(`Attach a debugger to ${name} at ${url}`),
    onInvoke: verbose ? printInvocation : undefined,
    onFailure: fail,
  };
  const first = deploy(runOptions);
  // A change also replaces a first deployment that doesn't end.
  await (wantsWatch ? Promise.race([first, slow]) : first);
  const { signal } = ending;
  const checked = checkTypes(folder, {
    watch: wantsWatch,
    onEnd: wantsWatch ? showEnd : showTypeErrors,
    signal,
  });
  if (!wantsWatch) return;
  console.log("Watching for changes.\n");
  const onChecking = () => console.log("Checking types ...");
  const onChange = (problem?: string) => void deploy(runOptions, problem);
  await watch({ folder, deployed, checked, onChecking, onChange, signal });
}

/** Deploys the project instead of what is being deployed, or says why not. */
function deploy(options: RunOptions, problem?: string): Promise<unknown> {
  attempt.abort();
  attempt = new AbortController();
  const signal = AbortSignal.any([attempt.signal, ending.signal]);
  last = last.then(() => deployNow({ ...options, signal }, problem));
  return last;
}

async function deployNow(options: RunOptions, problem?: string): Promise<void> {
  problems.clear();
  const start = performance.now();
  const seconds = () => ((performance.now() - start) / 1000).toFixed(1);
  try {
    if (problem) throw new UserError(problem);
    if (!running) {
      // Loaded only now: Pulumi takes a while, which is too long to wait for the message about a mistyped option.
      const { run } = await import("../run");
      running = await run(options);
      return printStack(running, options.dynamodb ? undefined : running.dynamodb, seconds());
    }
    const { endpoints } = running;
    const deployed = await running.redeploy(options.signal);
    console.log(`Deployed again in ${seconds()} s`);
    if (`${deployed.endpoints}` !== `${endpoints}`) printUrls(deployed);
    Object.assign(running, deployed);
  } catch (error) {
    if (options.signal?.aborted) return;
    if (!running) return fail(error);
    showProblem(messageOf(error));
    console.error("The previous deployment is still running.");
  }
}

/** Ends the run. The exit code is what a shell reports for the signal. */
async function end(signal: NodeJS.Signals): Promise<void> {
  // npm passes on the Ctrl-C that the terminal has already sent.
  if (ending.signal.aborted) return;
  // What is interrupted has nothing to say.
  process.stdout.write = process.stderr.write = () => true;
  ending.abort();
  await last;
  await running?.close();
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

const problems = new Set<string>();

/** Keeps the run going when a program throws after its deployment, or in several places at once. */
async function report(error: unknown): Promise<void> {
  const message = messageOf(error);
  // If a deployment failed because of it, that has been reported by then.
  await wait(100);
  if (ending.signal.aborted || [...problems].some((problem) => problem.includes(message))) return;
  showProblem(`The program failed: ${message}`);
}

function showProblem(problem: string): void {
  problems.add(problem);
  console.error(paint("red", problem));
}

function showEnd(how: string): void {
  showProblem(`The TypeScript compiler has ended (${how}). Changes are deployed without checking types.`);
}

function showTypeErrors(_how: string, problem?: string): void {
  if (problem) showProblem(`${problem}\nThe program was deployed nevertheless.`);
}

async function fail(error: unknown): Promise<void> {
  problems.add(messageOf(error));
  // Ctrl-C can end what this run has started before it reaches the run itself.
  await wait(100);
  if (ending.signal.aborted) return;
  console.error(error instanceof UserError ? paint("red", error.message) : error);
  process.exit(1);
}

main().catch(fail);
