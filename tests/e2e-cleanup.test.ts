import { strict as assert } from "node:assert";
import { assertGone, changes, type Result, signal, useE2E } from "./support/e2e";
import type { FakePulumiOptions } from "./support/fakepulumi";

type Overrides = FakePulumiOptions["overrides"];

const waitInUp: Overrides = { up: { wait: true } };

describe("npm run e2e cleans up", () => {
  const { startUntil, runInProcess, leftoverSettings } = useE2E();

  const failures: Record<string, [overrides: Overrides, message: RegExp]> = {
    "creating the stack fails, but leaves a stack behind": [
      { "stack init": { afterWork: true, error: "error: connection refused" } },
      /The connection failed\./,
    ],
    "a preview fails": [{ preview: { error: "error: the program failed" } }, /the program failed/],
    "AWS credentials are missing": [
      { preview: { error: "error: unable to validate AWS credentials" } },
      /Your AWS credentials are missing or expired\. .* aws sts get-caller-identity/,
    ],
    "a deployment fails halfway": [{ up: { error: "error: 3 errors occurred" } }, /3 errors occurred/],
    "a second deployment changes something": [
      { "up 2": { error: "error: no changes were expected but changes were proposed" } },
      /no changes were expected but changes were proposed/,
    ],
    "changing settings fails": [{ "config set 2": { error: "error: no such key" } }, /no such key/],
  };
  for (const [what, [overrides, message]] of Object.entries(failures)) {
    it(`when ${what}`, async () => {
      const result = await runInProcess({ overrides });
      assert.equal(result.code, 1);
      assert.match(result.output, message);
      assertGone(result);
      assert.deepEqual(leftoverSettings(), []);
    });
  }

  it("a stack that a killed CLI left locked", async () => {
    const locked = { error: "error: the stack is currently locked by 1 lock(s)" };
    const result = await runInProcess({ overrides: { up: { error: "killed" }, "destroy 1": locked } });
    assert.deepEqual(changes(result.commands).slice(-4), ["destroy", "cancel", "destroy", "stack rm"]);
    assertGone(result);
  });

  for (const [step, times, command] of [
    ["stack init", 1, "stack init"],
    ["preview", 1, "preview"],
    ["up", 1, "up"],
    ["up 2", 2, "up"],
    ["config set", 1, "config set"],
  ] as const) {
    it(`after Ctrl-C during ${step}`, async () => {
      const { child, result } = await startUntil(command, { [step]: { wait: true } }, times);
      signal(child, "SIGINT");
      const { code, output, commands } = await result;
      assert.equal(code, 1);
      assert.match(output, /Interrupted \(SIGINT\)/);
      if (changes(commands).includes("destroy")) assertGone({ code, output, commands });
      // The stack didn't exist yet.
      else assert.equal(step, "stack init");
      assert.deepEqual(leftoverSettings(), []);
    });
  }

  it("after a Ctrl-C that npm forwards a second time", async () => {
    const { child, result } = await startUntil("up", waitInUp);
    signal(child, "SIGINT");
    child.kill("SIGINT");
    assertGone(await result);
  });

  it("after a signal that the Pulumi CLI didn't get", async () => {
    const { child, result } = await startUntil("up", waitInUp);
    child.kill("SIGTERM");
    assertGone(await result);
  });

  it("when the terminal is closed", async () => {
    const { child, result } = await startUntil("up", waitInUp);
    signal(child, "SIGHUP");
    assertGone(await result);
  });
});

describe("npm run e2e says how to clean up", () => {
  const { startUntil, runInProcess } = useE2E();

  function assertCommandsShown({ code, output }: Result): void {
    assert.equal(code, 1);
    assert.ok(
      / {4}pulumi destroy --yes --stack (e2e-\w+)\n.* {4}pulumi stack rm --yes \1\n/.test(output),
      output,
    );
    assert.doesNotMatch(output, /^ +at /m);
  }

  it("when the resources can't be deleted", async () => {
    const destroy = { error: "error: connection refused" };
    assertCommandsShown(await runInProcess({ overrides: { up: { error: "x" }, destroy } }));
  });

  it("when the stack can't be removed", async () => {
    const remove = { error: "error: still has resources" };
    assertCommandsShown(await runInProcess({ overrides: { up: { error: "x" }, "stack rm": remove } }));
  });

  it("when another Ctrl-C interrupts the cleanup", async () => {
    const overrides: Overrides = { up: { error: "x" }, destroy: { wait: true } };
    const { child, result } = await startUntil("destroy", overrides);
    signal(child, "SIGINT");
    assertCommandsShown(await result);
  });
});
