import { setTimeout as wait } from "node:timers/promises";
import { messageOf, UserError } from "../pulumi/errors";
import type { Run, RunOptions } from "../run";
import { paint, printStack, printUrls } from "./output";

/** Aborts when the user ends the run. */
export const ending = new AbortController();

let running: Run | undefined;
/** The last deployment. */
let last: Promise<unknown> = Promise.resolve();
let attempt = new AbortController();
const problems = new Set<string>();

export const isRunning = (): boolean => Boolean(running);

/** Deploys the project. This replaces a deployment that is still under way. */
export function deploy(options: RunOptions): Promise<unknown> {
  attempt.abort();
  attempt = new AbortController();
  const signal = AbortSignal.any([attempt.signal, ending.signal]);
  last = last.then(() => deployNow({ ...options, signal }));
  return last;
}

async function deployNow(options: RunOptions): Promise<void> {
  problems.clear();
  const start = performance.now();
  const seconds = () => ((performance.now() - start) / 1000).toFixed(1);
  try {
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
    showMistake(messageOf(error));
  }
}

/** Shows why a change has not been deployed. */
export function showMistake(problem: string): void {
  showProblem(problem);
  if (running) console.error("The previous deployment is still running.");
}

/** Interrupts a deployment that is under way, and ends the last one. */
export async function end(): Promise<void> {
  // Errors of what is interrupted are of no interest.
  process.stdout.write = process.stderr.write = () => true;
  ending.abort();
  await last;
  await running?.close();
}

export function showProblem(problem: string): void {
  problems.add(problem);
  console.error(paint("red", problem));
}

/** Keeps the run going when a program throws after its deployment, or in several places at once. */
export async function report(error: unknown): Promise<void> {
  const message = messageOf(error);
  // If a deployment failed because of it, that has been reported by then.
  await wait(100);
  if (ending.signal.aborted || [...problems].some((problem) => problem.includes(message))) return;
  showProblem(`The program failed: ${message}`);
}

/** Ends the run with an error. */
export async function fail(error: unknown): Promise<void> {
  problems.add(messageOf(error));
  // Ctrl-C may reach this run's child processes before the run itself.
  await wait(100);
  if (ending.signal.aborted) return;
  console.error(error instanceof UserError ? paint("red", error.message) : error);
  process.exit(1);
}
