import { type Client, createClient } from "./client";
import { explain, Failure } from "./errors";
import type { Interrupt } from "./interrupt";
import { runChecks } from "./runchecks";
import { createTestStack, type TestStack } from "./teststack";

/** How long a new URL or a changed function may take to become available. */
const READY_MILLISECONDS = 90_000;

type Show = (line: string) => void;

export interface LifecycleOptions {
  /** The project's folder. */
  folder: string;
  /** The stack gets the settings in `Pulumi.<settings>.yaml`. */
  settings: string;
  /** Whether to keep the stack at the end. */
  keep?: boolean;
  interrupt: Interrupt;
  /** Called with each line of progress. */
  show: Show;
}

const indented = (show: Show) => (line: string) => show(`  ${line.replaceAll("\n", `\n${" ".repeat(12)}`)}`);

/**
 * Deploys a temporary stack, tests it, and deletes it or says how to.
 *
 * @returns the exit code
 */
export async function testLifecycle(options: LifecycleOptions): Promise<number> {
  const { folder, settings, keep, interrupt, show } = options;
  const stack = await createTestStack({ folder, settings, interrupt, show: indented(show) });
  show(`If this process gets killed, delete its stack with: ${stack.commandsToRemove.join(" && ")}`);
  let problem: string | undefined;
  try {
    await runSteps(stack, interrupt, show);
  } catch (error) {
    problem = interrupt.signalName ? "Stopped because of the interruption." : explain(error);
  }
  if (problem) show(problem);
  const isGone = keep ? false : await remove(stack, interrupt, show);
  if (!isGone) {
    show(
      keep
        ? `Kept stack ${stack.name}. To delete it, run:`
        : `Stack ${stack.name} may not be fully deleted. To delete it, run:`,
    );
    for (const command of stack.commandsToRemove) show(`    ${command}`);
  }
  if (problem || !(isGone || keep)) return 1;
  show("All steps passed.");
  return 0;
}

/** @throws Error when a step or a check fails, or after an interruption */
async function runSteps(stack: TestStack, interrupt: Interrupt, show: Show): Promise<void> {
  async function step<T>(title: string, run: () => Promise<T>): Promise<T> {
    show(title);
    const result = await run();
    if (interrupt.signalName) throw new Failure("interrupted");
    return result;
  }
  await step(`Create stack ${stack.name}`, stack.create);
  await step("Preview", stack.preview);
  const first = await step("Up", stack.up);
  const client = createClient(first.url ?? "", await stack.setting("cookieName"));
  const { id, idleSeconds } = await step(`Visit ${client.url}`, () => startSession(client, interrupt));
  const failed = await step("Run the checks", () =>
    runChecks(client, indented(show), () => interrupt.signalName !== undefined),
  );
  await step("Up again, expecting no changes", () => stack.up({ expectNoChanges: true }));

  const memorySize = (await stack.setting("memorySize")) === "512" ? "256" : "512";
  const changes = { idleSeconds: `${idleSeconds - 1}`, memorySize, cookieName: "e2e-session" };
  const list = Object.entries(changes).map(([key, value]) => `${key} to ${value}`);
  await step(`Change ${list.join(", ")}`, () => stack.configure(changes));
  const second = await step("Up, expecting the same table and URL", stack.up);
  for (const output of ["url", "tableName"]) {
    if (first[output] !== second[output]) {
      throw new Failure(`The output ${output} changed from ${first[output]} to ${second[output]}.`);
    }
  }
  const kept = await step("Visit with the earlier session", () =>
    expectSessionKept(id, createClient(client.url, changes.cookieName), idleSeconds - 1, interrupt),
  );
  indented(show)(kept);
  if (failed > 0) throw new Failure(`${failed} ${failed === 1 ? "check" : "checks"} failed; see above.`);
}

/** Starts a session as soon as the URL responds. */
async function startSession(
  client: Client,
  interrupt: Interrupt,
): Promise<{ id: string; idleSeconds: number }> {
  const { id, cookie } = await until(
    `a session at ${client.url}`,
    () => client.visit(),
    (response) => response.id !== undefined && response.cookie !== undefined,
    interrupt,
  );
  return { id: id ?? "", idleSeconds: Number(cookie?.attributes["max-age"]) };
}

/** Expects a session with one visit to continue under the new cookie name. */
async function expectSessionKept(
  id: string,
  client: Client,
  idleSeconds: number,
  interrupt: Interrupt,
): Promise<string> {
  const { counter, cookie, body } = await until(
    `the cookie ${client.cookieName}`,
    () => client.visit(id),
    (response) => response.cookie !== undefined,
    interrupt,
  );
  if (cookie?.value !== id || counter !== 2) throw new Failure(`Session ${id} was lost: ${body}`);
  const seconds = Number(cookie.attributes["max-age"]);
  if (seconds !== idleSeconds) {
    throw new Failure(`The cookie expires after ${seconds} s instead of ${idleSeconds} s.`);
  }
  return `${body}; the cookie expires after ${seconds} s`;
}

async function until<T extends { status: number; body: string }>(
  what: string,
  request: () => Promise<T>,
  isReady: (response: T) => boolean,
  interrupt: Interrupt,
): Promise<T> {
  const end = Date.now() + READY_MILLISECONDS;
  for (;;) {
    const result = await request().catch((error: Error) => error);
    if (!(result instanceof Error) && isReady(result)) return result;
    if (interrupt.signalName || Date.now() > end) {
      const got = result instanceof Error ? result.message : `${result.status} ${result.body.slice(0, 200)}`;
      throw new Failure(`Waited ${READY_MILLISECONDS / 1000} s for ${what}, but got: ${got}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** @returns whether the stack is gone */
async function remove(stack: TestStack, interrupt: Interrupt, show: Show): Promise<boolean> {
  interrupt.reset();
  show(`Destroy and remove stack ${stack.name}`);
  try {
    await stack.remove();
    return true;
  } catch (error) {
    show(explain(error));
    return false;
  }
}
