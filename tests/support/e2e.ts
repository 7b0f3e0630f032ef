import { strict as assert } from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { tryStack } from "../../acceptance/course";
import { explain } from "../../acceptance/failures";
import { copyProject, project } from "./project";
import { type Plan, standInForPulumi } from "./pulumi";
import { startSite } from "./site";

/** How a run ended: its exit code, what it printed, and what it asked the CLI. */
export interface Ended {
  code: number;
  shown: string;
  asked: string[];
}

const ASKED_SECONDS = 30;

/** For a `describe` block: `npm run e2e` with a stand-in for the CLI, and a site that has the stack's settings. */
export function useE2E() {
  let site: Awaited<ReturnType<typeof startSite>>;
  let folder: string;
  let pulumi: ReturnType<typeof standInForPulumi> | undefined;
  const children = new Set<ChildProcess>();

  const lastSet = (key: string) =>
    pulumi
      ?.asked()
      .map((line) => new RegExp(`^config set ${key} .*-- (.+)`).exec(line)?.[1])
      .filter(Boolean)
      .pop();
  const settingsLeft = () => readdirSync(folder).filter((file) => file.startsWith("Pulumi.e2e-"));

  before(async () => {
    folder = copyProject();
    site = await startSite(() => ({
      cookieName: lastSet("serverless-sessions:cookieName") ?? "cookie-test",
      idleSeconds: lastSet("serverless-sessions:idleSeconds") ?? "1800",
    }));
  });
  after(() => site.close());
  afterEach(() => {
    for (const child of children) signal(child, "SIGKILL");
    children.clear();
    for (const file of settingsLeft()) rmSync(join(folder, file));
    pulumi?.remove();
    pulumi = undefined;
  });

  function standIn(plan: Plan) {
    const outputs = { url: site.url, tableName: "sessions-1" };
    const settings = { cookieName: "cookie-test", memorySize: "256" };
    pulumi = standInForPulumi({ outputs, settings, ...plan });
    return pulumi;
  }

  /** Starts it as a user does. */
  function start(plan: Plan = {}, { args = [] as string[], path = "" } = {}) {
    const { asked, path: found } = standIn(plan);
    const child = spawn(
      process.execPath,
      ["-r", "pulumi-aws-local/register.js", join(project, "acceptance/e2e.ts"), ...args],
      { cwd: folder, detached: true, env: { ...process.env, PATH: path || found } },
    );
    children.add(child);
    let shown = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        shown += text;
      });
    }
    const ended = once(child, "close").then(([code]): Ended => ({ code, shown, asked: asked() }));
    return { child, ended };
  }

  /** Starts it, and waits until the CLI has been asked something that begins with `command`, for the n-th time. */
  async function startUntil(command: string, instead: Plan["instead"], times = 1) {
    const started = start({ instead });
    const asked = () => pulumi?.asked() ?? [];
    const giveUp = Date.now() + ASKED_SECONDS * 1000;
    while (asked().filter((line) => line.startsWith(command)).length < times) {
      const { exitCode } = started.child;
      if (exitCode !== null || Date.now() > giveUp) {
        assert.fail(`"pulumi ${command}" was not run ${times} times, only: ${asked().join("\n")}`);
      }
      await wait(20);
    }
    return started;
  }

  /** The same in this process, which is faster, but cannot be interrupted. */
  async function runHere(
    plan: Plan = {},
    options: { settings?: string; keep?: boolean } = {},
  ): Promise<Ended> {
    const { asked, path } = standIn(plan);
    const { PATH } = process.env;
    process.env.PATH = path;
    let shown = "";
    const show = (line: string) => {
      shown += `${line}\n`;
    };
    const interrupt = { signal: new AbortController().signal, isStopping() {}, reset() {} };
    const code = await tryStack({ folder, settings: "dev", ...options, interrupt, show })
      .catch((error: Error) => {
        show(explain(error));
        return 1;
      })
      .finally(() => {
        process.env.PATH = PATH;
      });
    return { code, shown, asked: asked() };
  }

  return { start, startUntil, runHere, settingsLeft };
}

/** Sends a signal to a process and to all that it has started, as a terminal does. */
export function signal({ pid = 0 }: ChildProcess, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // They have ended.
  }
}

/** What the CLI was asked to change, in order. */
export const changes = (asked: string[]): string[] =>
  asked
    .map((line) => /^(stack|config) \w+|^\w+/.exec(line)?.[0] ?? "")
    .filter((step) => /^(stack init|preview|up|config set|destroy|stack rm|cancel)$/.test(step));

/** The stack was destroyed and removed, and the user doesn't have to do anything. */
export function assertGone({ shown, asked }: Ended): void {
  assert.deepEqual(changes(asked).slice(-2), ["destroy", "stack rm"], shown);
  assert.doesNotMatch(shown, /These two commands|^ +at /m);
}
