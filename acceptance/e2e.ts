// npm run e2e: deploys a stack of its own, tries it, and deletes it.

import { parseArgs } from "node:util";
import { explain, Failure } from "./failures";
import { holdAll } from "./hold";
import { type Interrupt, watchForInterrupt } from "./interrupt";
import { createSite, type Site } from "./site";
import { createTrial, type Trial } from "./trial";

const help = `Deploys the program for real, in a stack of its own with a random name: preview, up, what a visit promises,
up again without changes, a change of settings that keeps the data, destroy.

  npm run e2e -- [options]

  --settings NAME  take the settings in Pulumi.NAME.yaml (default: dev), but for a domain, alarms by e-mail and
                   protected data; emulated goes to an emulator of AWS
  --keep           leave the stack as it is at the end
  --help           show this text

It takes about five minutes and costs well below a cent. Ctrl-C deletes what is there by then.`;

const GRACE_MILLISECONDS = 3000;
/** How long a new URL, or a function's new settings, may take until they are there. */
const READY_MILLISECONDS = 90_000;

function readOptions(args: string[]) {
  try {
    const settings = { type: "string", default: "dev" } as const;
    return parseArgs({ args, options: { settings, keep: { type: "boolean" }, help: { type: "boolean" } } })
      .values;
  } catch (error) {
    const [problem = ""] = (error instanceof Error ? error.message : `${error}`).split(/\.?\n/);
    throw new Failure(`${problem}. See npm run e2e -- --help.`);
  }
}

const begun = performance.now();
const show = (line: string) =>
  console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`);
const showDetail = (line: string) => show(`  ${line.replaceAll("\n", `\n${" ".repeat(12)}`)}`);

async function main(): Promise<number> {
  const { settings, keep, help: helpWanted } = readOptions(process.argv.slice(2));
  if (helpWanted) {
    console.log(help);
    return 0;
  }
  const interrupt = watchForInterrupt(GRACE_MILLISECONDS, (by) => show(`Interrupted (${by})`));
  const trial = await createTrial({ folder: process.cwd(), settings, interrupt, show: showDetail });
  show(`Should this be killed, delete its stack with: ${trial.commandsToRemove.join(" && ")}`);
  let problem: string | undefined;
  try {
    await tryOut(trial, interrupt);
  } catch (error) {
    problem = interrupt.by ? "It was interrupted." : explain(error);
  }
  if (problem) show(problem);
  const isGone = keep ? false : await remove(trial, interrupt);
  if (!isGone) {
    show(
      `${keep ? "Kept" : "There may be something left of"} stack ${trial.name}. These two commands delete it:`,
    );
    for (const command of trial.commandsToRemove) console.log(`    ${command}`);
  }
  if (!problem && (isGone || keep)) show("Everything is as promised.");
  return problem || !(isGone || keep) ? 1 : 0;
}

/** @throws Error when something is not as promised, or when it was interrupted */
async function tryOut(trial: Trial, interrupt: Interrupt): Promise<void> {
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
    holdAll(site, showDetail, () => interrupt.by !== undefined),
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
  await step("Visit with the session from before", () =>
    expectKept(id, createSite(site.url, changes.cookieName), idleSeconds - 1, interrupt),
  );
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
async function expectKept(id: string, site: Site, idleSeconds: number, interrupt: Interrupt): Promise<void> {
  const { counter, cookie, body } = await until(
    `the cookie ${site.cookieName}`,
    () => site.visit(id),
    (answer) => answer.cookie !== undefined,
    interrupt,
  );
  if (cookie?.value !== id || counter !== 2) throw new Failure(`Session ${id} is lost: ${body}`);
  const seconds = Number(cookie.attributes["max-age"]);
  if (seconds !== idleSeconds) throw new Failure(`The cookie lasts ${seconds} s, not ${idleSeconds}.`);
  showDetail(`${body}; its cookie lasts ${seconds} s`);
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
async function remove(trial: Trial, interrupt: Interrupt): Promise<boolean> {
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

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(explain(error));
    process.exit(1);
  },
);
