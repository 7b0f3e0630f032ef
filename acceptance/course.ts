import { explain, Failure } from "./failures";
import { holdAll } from "./hold";
import type { Interrupt } from "./interrupt";
import { createSite, type Site } from "./site";
import { createTrial, type Trial } from "./trial";

/** How long a new URL, or a function's new settings, may take until they are there. */
const READY_MILLISECONDS = 90_000;

type Show = (line: string) => void;

export interface CourseOptions {
  /** The project's. */
  folder: string;
  /** The settings in `Pulumi.<settings>.yaml` are the stack's. */
  settings: string;
  /** Whether to leave the stack as it is at the end. */
  keep?: boolean;
  interrupt: Interrupt;
  /** Takes what happens, line by line. */
  show: Show;
}

const detail = (show: Show) => (line: string) => show(`  ${line.replaceAll("\n", `\n${" ".repeat(12)}`)}`);

/**
 * Deploys a stack of its own, tries it, and deletes it, or says how to.
 *
 * @returns the exit code
 */
export async function tryStack({ folder, settings, keep, interrupt, show }: CourseOptions): Promise<number> {
  const trial = await createTrial({ folder, settings, interrupt, show: detail(show) });
  show(`Should this be killed, delete its stack with: ${trial.commandsToRemove.join(" && ")}`);
  let problem: string | undefined;
  try {
    await tryOut(trial, interrupt, show);
  } catch (error) {
    problem = interrupt.by ? "It was interrupted." : explain(error);
  }
  if (problem) show(problem);
  const isGone = keep ? false : await remove(trial, interrupt, show);
  if (!isGone) {
    show(
      `${keep ? "Kept" : "There may be something left of"} stack ${trial.name}. These two commands delete it:`,
    );
    for (const command of trial.commandsToRemove) show(`    ${command}`);
  }
  if (!problem && (isGone || keep)) show("Everything is as promised.");
  return problem || !(isGone || keep) ? 1 : 0;
}

/** @throws Error when something is not as promised, or when it was interrupted */
async function tryOut(trial: Trial, interrupt: Interrupt, show: Show): Promise<void> {
  async function step<T>(what: string, run: () => Promise<T>): Promise<T> {
    show(what);
    const result = await run();
    if (interrupt.by) throw new Failure("interrupted");
    return result;
  }
  await step(`Create stack ${trial.name}`, trial.create);
  await step("Preview", trial.preview);
  const first = await step("Up", trial.up);
  const site = createSite(first.url ?? "", await trial.setting("cookieName"));
  const { id, idleSeconds } = await step(`Visit ${site.url}`, () => untilSession(site, interrupt));
  const short = await step("Hold it against what a visit promises", () =>
    holdAll(site, detail(show), () => interrupt.by !== undefined),
  );
  await step("Up again, which must change nothing", () => trial.up({ expectNoChanges: true }));

  const memorySize = (await trial.setting("memorySize")) === "512" ? "256" : "512";
  const changes = { idleSeconds: `${idleSeconds - 1}`, memorySize, cookieName: "e2e-session" };
  await step(
    `Change ${Object.entries(changes)
      .map((change) => change.join(" to "))
      .join(", ")}`,
    () => trial.configure(changes),
  );
  const second = await step("Up, which must keep table and URL", trial.up);
  for (const output of ["url", "tableName"]) {
    if (first[output] !== second[output]) {
      throw new Failure(`The output ${output} was ${first[output]}, and is now ${second[output]}.`);
    }
  }
  const kept = await step("Visit with the session from before", () =>
    expectKept(id, createSite(site.url, changes.cookieName), idleSeconds - 1, interrupt),
  );
  detail(show)(kept);
  if (short > 0) throw new Failure(`${short} ${short === 1 ? "promise" : "promises"} fell short: see above.`);
}

/** Starts a session, once the site answers. */
async function untilSession(site: Site, interrupt: Interrupt): Promise<{ id: string; idleSeconds: number }> {
  const { id, cookie } = await until(
    `a session at ${site.url}`,
    () => site.visit(),
    (answer) => answer.id !== undefined && answer.cookie !== undefined,
    interrupt,
  );
  return { id: id ?? "", idleSeconds: Number(cookie?.attributes["max-age"]) };
}

/** Expects a session with one visit to go on under another cookie's name. */
async function expectKept(
  id: string,
  site: Site,
  idleSeconds: number,
  interrupt: Interrupt,
): Promise<string> {
  const { counter, cookie, body } = await until(
    `the cookie ${site.cookieName}`,
    () => site.visit(id),
    (answer) => answer.cookie !== undefined,
    interrupt,
  );
  if (cookie?.value !== id || counter !== 2) throw new Failure(`Session ${id} is lost: ${body}`);
  const seconds = Number(cookie.attributes["max-age"]);
  if (seconds !== idleSeconds) throw new Failure(`The cookie lasts ${seconds} s, not ${idleSeconds}.`);
  return `${body}; its cookie lasts ${seconds} s`;
}

async function until<T extends { status: number; body: string }>(
  what: string,
  look: () => Promise<T>,
  isThere: (seen: T) => boolean,
  interrupt: Interrupt,
): Promise<T> {
  const end = Date.now() + READY_MILLISECONDS;
  for (;;) {
    const seen = await look().catch((error: Error) => error);
    if (!(seen instanceof Error) && isThere(seen)) return seen;
    if (interrupt.by || Date.now() > end) {
      const instead = seen instanceof Error ? seen.message : `${seen.status} ${seen.body.slice(0, 200)}`;
      throw new Failure(`Waited ${READY_MILLISECONDS / 1000} s for ${what}, but got: ${instead}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** @returns whether nothing of the stack is left */
async function remove(trial: Trial, interrupt: Interrupt, show: Show): Promise<boolean> {
  interrupt.reset();
  show(`Destroy and remove stack ${trial.name}`);
  try {
    await trial.remove();
    return true;
  } catch (error) {
    show(explain(error));
    return false;
  }
}
