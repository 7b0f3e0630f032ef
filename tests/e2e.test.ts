import { strict as assert } from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { tryStack } from "../acceptance/course";
import { explain } from "../acceptance/failures";
import { copyProject, project } from "./support/project";
import { type Plan, standInForPulumi } from "./support/pulumi";
import { startSite } from "./support/site";

// With a stand-in for the CLI, and a site that takes the settings which the stand-in is told.
describe("npm run e2e", () => {
  let site: Awaited<ReturnType<typeof startSite>>;
  let folder: string;
  let asked: () => string[] = () => [];
  const children = new Set<ChildProcess>();

  const lastSet = (key: string) =>
    asked()
      .map((line) => new RegExp(`^config set ${key} .*-- (.+)`).exec(line)?.[1])
      .filter(Boolean)
      .pop();

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
    for (const file of left()) rmSync(join(folder, file));
  });

  /** As a terminal does: to all that run in it. */
  function signal({ pid = 0 }: ChildProcess, name: NodeJS.Signals): void {
    try {
      process.kill(-pid, name);
    } catch {
      // They have ended.
    }
  }

  /** Starts it with a stand-in that does as it is told. */
  function start(told: Plan["told"] = {}, { args = [] as string[], plan = {} as Plan, path = "" } = {}) {
    const outputs = { url: site.url, tableName: "sessions-1" };
    const settings = { cookieName: "cookie-test", memorySize: "256" };
    const pulumi = standInForPulumi({ outputs, settings, told, ...plan });
    asked = pulumi.asked;
    const child = spawn(
      process.execPath,
      ["-r", "pulumi-aws-local/register.js", join(project, "acceptance/e2e.ts"), ...args],
      { cwd: folder, detached: true, env: { ...process.env, PATH: path || pulumi.path } },
    );
    children.add(child);
    let shown = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        shown += text;
      });
    }
    const ended = once(child, "close").then(([code]) => ({ code, shown, asked: pulumi.asked() }));
    return { child, ended };
  }

  /** The same in this process, which is faster, but cannot be interrupted. */
  async function runHere(
    told: Plan["told"] = {},
    plan: Plan = {},
    options: { settings?: string; keep?: boolean } = {},
  ) {
    const outputs = { url: site.url, tableName: "sessions-1" };
    const settings = { cookieName: "cookie-test", memorySize: "256" };
    const pulumi = standInForPulumi({ outputs, settings, told, ...plan });
    asked = pulumi.asked;
    const { PATH } = process.env;
    process.env.PATH = pulumi.path;
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
    return { code, shown, asked: pulumi.asked() };
  }

  /** Waits until the stand-in has been asked something that begins so, for the `times`th time. */
  async function untilAsked({ child }: { child: ChildProcess }, command: string): Promise<void> {
    const [, what = "", times = "1"] = /^(.*?)(?: (\d))?$/.exec(command) ?? [];
    while (asked().filter((line) => line.startsWith(what)).length < Number(times)) {
      if (child.exitCode !== null) assert.fail(`it ended without ${command}: ${asked().join("\n")}`);
      await wait(20);
    }
  }

  const left = () => readdirSync(folder).filter((file) => file.startsWith("Pulumi.e2e-"));

  function assertGone({ shown, asked: all }: { shown: string; asked: string[] }): void {
    assert.deepEqual(steps(all).slice(-2), ["destroy", "stack rm"], shown);
    assert.deepEqual(left(), []);
    assert.doesNotMatch(shown, /These two commands|^ +at /m);
  }

  function assertCommands({ code, shown }: { code: number; shown: string }): void {
    assert.equal(code, 1);
    assert.ok(
      / {4}pulumi destroy --yes --stack (e2e-\w+)\n.* {4}pulumi stack rm --yes \1\n/.test(shown),
      shown,
    );
    assert.doesNotMatch(shown, /^ +at /m);
  }

  /** What it asked the CLI to change, in order. */
  const steps = (all: string[]) =>
    all
      .map((line) => /^(stack|config) \w+|^\w+/.exec(line)?.[0] ?? "")
      .filter((step) => /^(stack init|preview|up|config set|destroy|stack rm|cancel)$/.test(step));

  it("deploys, tries, deploys again, changes settings, and deletes everything", async () => {
    const { code, shown, asked: all } = await start().ended;
    assert.equal(code, 0, shown);
    assert.match(shown, /(\d+) of \1 promises were kept/);
    assert.match(shown, /counter: 2; its cookie lasts 1799 s/);
    assert.match(shown, /Everything is as promised\.\n$/);
    const changes = ["config set", "config set", "config set", "up"];
    assert.deepEqual(steps(all), ["stack init", "preview", "up", "up", ...changes, "destroy", "stack rm"]);
    const ups = all.filter((line) => line.startsWith("up"));
    assert.deepEqual(
      ups.map((line) => line.includes("--expect-no-changes")),
      [false, true, false],
    );
    assertGone({ shown, asked: all });
  });

  it("fails when a change of settings moves the URL", async () => {
    // It is asked twice after each deployment.
    const moved = { outputs: { url: "elsewhere" } };
    const { code, shown, asked: all } = await runHere({ "stack output 5": moved, "stack output 6": moved });
    assert.equal(code, 1);
    assert.match(shown, /The output url was http.*, and is now elsewhere\./);
    assertGone({ shown, asked: all });
  });

  describe("cleans up", () => {
    const failures: Record<string, [told: Plan["told"], message: RegExp]> = {
      "a stack that could not be made, but is there": [
        { "stack init": { does: true, error: "error: connection refused" } },
        /The connection was lost\./,
      ],
      "a preview that fails": [{ preview: { error: "error: the program failed" } }, /the program failed/],
      "AWS without credentials": [
        { preview: { error: "error: unable to validate AWS credentials" } },
        /AWS accepts no credentials from here: .* aws sts get-caller-identity/,
      ],
      "a deployment that fails half-way": [
        { up: { error: "error: 3 errors occurred" } },
        /3 errors occurred/,
      ],
      "a second deployment that changes something": [
        { "up 2": { error: "error: no changes were expected but changes were proposed" } },
        /no changes were expected but changes were proposed/,
      ],
      "settings that cannot be changed": [{ "config set 2": { error: "error: no such key" } }, /no such key/],
    };
    for (const [what, [told, message]] of Object.entries(failures)) {
      it(`after ${what}`, async () => {
        const { code, shown, asked: all } = await runHere(told);
        assert.equal(code, 1);
        assert.match(shown, message);
        assertGone({ shown, asked: all });
        assert.doesNotMatch(shown, /^ +at /m);
      });
    }

    it("what a CLI that was killed has locked", async () => {
      const locked = { error: "error: the stack is currently locked by 1 lock(s)" };
      const { shown, asked: all } = await runHere({ up: { error: "killed" }, "destroy 1": locked });
      assert.deepEqual(steps(all).slice(-4), ["destroy", "cancel", "destroy", "stack rm"]);
      assertGone({ shown, asked: all });
    });

    for (const step of ["stack init", "preview", "up", "up 2", "config set"]) {
      it(`after Ctrl-C in ${step}`, async () => {
        const started = start({ [step]: { wait: true } });
        await untilAsked(started, step);
        signal(started.child, "SIGINT");
        const { code, shown, asked: all } = await started.ended;
        assert.equal(code, 1);
        assert.match(shown, /Interrupted \(SIGINT\)/);
        if (steps(all).includes("destroy")) assertGone({ shown, asked: all });
        // The stack was not there yet.
        else assert.equal(step, "stack init");
      });
    }

    it("after a Ctrl-C that npm passes on a second time", async () => {
      const started = start({ up: { wait: true } });
      await untilAsked(started, "up");
      signal(started.child, "SIGINT");
      started.child.kill("SIGINT");
      assertGone(await started.ended);
    });

    it("after an interruption that the CLI has not heard of", async () => {
      const started = start({ up: { wait: true } });
      await untilAsked(started, "up");
      started.child.kill("SIGTERM");
      assertGone(await started.ended);
    });

    it("when the terminal is closed", async () => {
      const started = start({ up: { wait: true } });
      await untilAsked(started, "up");
      signal(started.child, "SIGHUP");
      assertGone(await started.ended);
    });
  });

  describe("says how to clean up", () => {
    it("when nothing can be deleted", async () => {
      assertCommands(await runHere({ up: { error: "x" }, destroy: { error: "error: connection refused" } }));
    });

    it("when the stack cannot be removed", async () => {
      assertCommands(
        await runHere({ up: { error: "x" }, "stack rm": { error: "error: still has resources" } }),
      );
    });

    it("when another Ctrl-C ends the cleaning up", async () => {
      const started = start({ up: { error: "x" }, destroy: { wait: true } });
      await untilAsked(started, "destroy");
      signal(started.child, "SIGINT");
      assertCommands(await started.ended);
    });

    it("when the stack is to be kept", async () => {
      const { shown, asked: all } = await runHere({ preview: { error: "x" } }, {}, { keep: true });
      assert.match(shown, /Kept stack e2e-.*: *\n {4}pulumi destroy .*\n {4}pulumi stack rm /);
      assert.ok(!all.some((line) => line.startsWith("destroy")));
      for (const file of left()) rmSync(join(folder, file));
    });
  });

  describe("says in a sentence", () => {
    const sentences: Record<string, [plan: Plan, settings: string, message: RegExp]> = {
      "that the CLI is too old": [
        { version: "v3.20.0" },
        "dev",
        /^The Pulumi CLI 3\.20\.0 is too old: .*install\/\n$/,
      ],
      "that there are no such settings": [{}, "nowhere", /There is no Pulumi\.nowhere\.yaml\. Choose/],
      "that the CLI is not logged in": [
        { told: { "stack ls": { error: "error: PULUMI_ACCESS_TOKEN must be set for login" } } },
        "dev",
        /The Pulumi CLI is not logged in\. Run pulumi login/,
      ],
      "that the name is taken": [
        { told: { "stack init": { error: "error: stack 'e2e' already exists" } } },
        "dev",
        /A stack of this name is already there\. Start again/,
      ],
    };
    for (const [what, [plan, settings, message]] of Object.entries(sentences)) {
      it(what, async () => {
        const { code, shown, asked: all } = await runHere(plan.told, plan, { settings });
        assert.equal(code, 1);
        assert.match(shown, message);
        assert.deepEqual(
          steps(all).filter((step) => step !== "stack init"),
          [],
          "another's stack is touched",
        );
        assert.deepEqual(left(), []);
      });
    }

    it("which option it does not have", async () => {
      const { code, shown } = await start({}, { args: ["--region", "x"] }).ended;
      assert.equal(code, 1);
      assert.match(shown, /^Unknown option '--region'.*--help\.\n$/);
    });

    it("that there is no CLI", async () => {
      const { code, shown } = await start({}, { path: join(folder, "nowhere") }).ended;
      assert.equal(code, 1);
      assert.match(shown, /^There is no Pulumi CLI on the PATH\. Install it: https:.*\n$/);
    });
  });
});
