import { strict as assert } from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { explain } from "../../commands/errors";
import { testLifecycle } from "../../commands/lifecycle";
import { type FakePulumiOptions, installFakePulumi } from "./fakepulumi";
import { startFakeSite } from "./fakesite";
import { copyProject, project } from "./project";

export interface Result {
  code: number;
  output: string;
  /** The commands that the Pulumi CLI ran. */
  commands: string[];
}

const COMMAND_TIMEOUT_SECONDS = 30;

/** For a `describe` block: runs `npm run e2e` with a fake Pulumi CLI and a fake site that has the stack's settings. */
export function useE2E() {
  let site: Awaited<ReturnType<typeof startFakeSite>>;
  let folder: string;
  let pulumi: ReturnType<typeof installFakePulumi> | undefined;
  const children = new Set<ChildProcess>();

  const lastSetting = (key: string) =>
    pulumi
      ?.commands()
      .map((line) => new RegExp(`^config set ${key} .*-- (.+)`).exec(line)?.[1])
      .filter(Boolean)
      .pop();
  const leftoverSettings = () => readdirSync(folder).filter((file) => file.startsWith("Pulumi.e2e-"));

  before(async () => {
    folder = copyProject();
    site = await startFakeSite(() => ({
      cookieName: lastSetting("serverless-sessions:cookieName") ?? "cookie-test",
      idleSeconds: lastSetting("serverless-sessions:idleSeconds") ?? "1800",
    }));
  });
  after(() => site.close());
  afterEach(() => {
    for (const child of children) signal(child, "SIGKILL");
    children.clear();
    for (const file of leftoverSettings()) rmSync(join(folder, file));
    pulumi?.remove();
    pulumi = undefined;
  });

  function installCli(options: FakePulumiOptions) {
    const outputs = { url: site.url, tableName: "sessions-1" };
    const settings = { cookieName: "cookie-test", memorySize: "256" };
    pulumi = installFakePulumi({ outputs, settings, ...options });
    return pulumi;
  }

  /** Starts it in a child process. */
  function start(cli: FakePulumiOptions = {}, { args = [] as string[], path = "" } = {}) {
    const { commands, path: pathWithCli } = installCli(cli);
    const child = spawn(
      process.execPath,
      ["-r", "pulumi-aws-local/register.js", join(project, "commands/e2e.ts"), ...args],
      { cwd: folder, detached: true, env: { ...process.env, PATH: path || pathWithCli } },
    );
    children.add(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    const result = once(child, "close").then(([code]): Result => ({ code, output, commands: commands() }));
    return { child, result };
  }

  /** Starts it and waits until the CLI has run `command` a number of times. */
  async function startUntil(command: string, overrides: FakePulumiOptions["overrides"], times = 1) {
    const started = start({ overrides });
    const commands = () => pulumi?.commands() ?? [];
    const deadline = Date.now() + COMMAND_TIMEOUT_SECONDS * 1000;
    while (commands().filter((line) => line.startsWith(command)).length < times) {
      const { exitCode } = started.child;
      if (exitCode !== null || Date.now() > deadline) {
        assert.fail(`"pulumi ${command}" was not run ${times} times. Commands: ${commands().join("\n")}`);
      }
      await wait(20);
    }
    return started;
  }

  /** Runs it in this process, which is faster but can't be interrupted. */
  async function runInProcess(
    cli: FakePulumiOptions = {},
    options: { settings?: string; keep?: boolean } = {},
  ): Promise<Result> {
    const { commands, path } = installCli(cli);
    const { PATH } = process.env;
    process.env.PATH = path;
    let output = "";
    const show = (line: string) => {
      output += `${line}\n`;
    };
    const interrupt = { abortSignal: new AbortController().signal, commandIsStopping() {}, reset() {} };
    const code = await testLifecycle({ folder, settings: "dev", ...options, interrupt, show })
      .catch((error: Error) => {
        show(explain(error));
        return 1;
      })
      .finally(() => {
        process.env.PATH = PATH;
      });
    return { code, output, commands: commands() };
  }

  return { start, startUntil, runInProcess, leftoverSettings };
}

/** Sends a signal to a process and its children, as a terminal does. */
export function signal({ pid = 0 }: ChildProcess, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // They have already exited.
  }
}

/** The commands that deploy, change or delete something, in order. */
export const changes = (commands: string[]): string[] =>
  commands
    .map((line) => /^(stack|config) \w+|^\w+/.exec(line)?.[0] ?? "")
    .filter((step) => /^(stack init|preview|up|config set|destroy|stack rm|cancel)$/.test(step));

/** The stack was destroyed and removed, and nothing is left for the user to do. */
export function assertGone({ output, commands }: Result): void {
  assert.deepEqual(changes(commands).slice(-2), ["destroy", "stack rm"], output);
  assert.doesNotMatch(output, /To delete it, run|^ +at /m);
}
