import { setTimeout as wait } from "node:timers/promises";
import { messageOf, UserError } from "../pulumi/errors";
import type { Run, RunOptions } from "../run";
import { paint, printStack, printUrls } from "./output";

/** Aborts when the user ends the run. */
const ending = new AbortController();

let running: Run | undefined;
/** Whether the last deployment has succeeded. */
let isDeployed = false;
let last: Promise<unknown> = Promise.resolve();
let attempt = new AbortController();

/** Deploys the project instead of what is still being deployed. */
export function deploy(options: RunOptions): Promise<unknown> {
  attempt.abort();
  attempt = new AbortController();
  const signal = AbortSignal.any([attempt.signal, ending.signal]);
  last = last.then(() => deployNow({ ...options, signal }));
  return last;
}

async function deployNow(options: RunOptions): Promise<void> {
  isDeployed = false;
  const start = performance.now();
  const seconds = () => ((performance.now() - start) / 1000).toFixed(1);
  try {
    if (running) {
      Object.assign(running, await running.redeploy(options.signal));
      console.log(`Deployed again in ${seconds()} s`);
      printUrls(running);
    } else {
      // Loaded only now: Pulumi takes a while, which is too long to wait for the message about a mistyped option.
      const { run } = await import("../run");
      running = await run(options);
      printStack(running, options.dynamodb ? undefined : running.dynamodb, seconds());
    }
    isDeployed = true;
  } catch (error) {
    if (options.signal?.aborted) return;
    if (!running) return fail(error);
    showProblem(messageOf(error));
    console.error("The previous deployment is still running.");
  }
}

/** Interrupts what is being deployed, and ends what has been, with the exit code that a shell reports for a signal. */
export async function end(exitCode: number): Promise<void> {
  // npm passes on the Ctrl-C that the terminal has already sent.
  if (ending.signal.aborted) return;
  // What is interrupted has nothing to say.
  process.stdout.write = process.stderr.write = () => true;
  ending.abort();
  await last;
  await running?.close();
  process.exit(exitCode);
}

export function showProblem(problem: string): void {
  console.error(paint("red", problem));
}

/** Keeps the run going when a program throws after its deployment. */
export const showThrown = (error: unknown): void => showProblem(`The program failed: ${messageOf(error)}`);

/** The same for a rejection, which also makes a deployment fail that is going on. */
export function showRejection(error: unknown): void {
  if (isDeployed) showThrown(error);
}

/** Ends the run with an error. */
export async function fail(error: unknown): Promise<void> {
  // Ctrl-C can end what this run has started before it reaches the run itself.
  await wait(100);
  if (ending.signal.aborted) return;
  console.error(error instanceof UserError ? paint("red", error.message) : error);
  process.exit(1);
}
