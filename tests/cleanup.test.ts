import { strict as assert } from "node:assert";
import { assertGone, changes, type Ended, signal, useE2E } from "./support/e2e";
import type { Plan } from "./support/pulumi";

const whileUp: Plan["instead"] = { up: { wait: true } };

describe("npm run e2e cleans up", () => {
  const { startUntil, runHere, settingsLeft } = useE2E();

  const failures: Record<string, [instead: Plan["instead"], message: RegExp]> = {
    "a stack that could not be made, but is there": [
      { "stack init": { does: true, error: "error: connection refused" } },
      /The connection was lost\./,
    ],
    "a preview that fails": [{ preview: { error: "error: the program failed" } }, /the program failed/],
    "AWS without credentials": [
      { preview: { error: "error: unable to validate AWS credentials" } },
      /AWS accepts no credentials from here: .* aws sts get-caller-identity/,
    ],
    "a deployment that fails half-way": [{ up: { error: "error: 3 errors occurred" } }, /3 errors occurred/],
    "a second deployment that changes something": [
      { "up 2": { error: "error: no changes were expected but changes were proposed" } },
      /no changes were expected but changes were proposed/,
    ],
    "settings that cannot be changed": [{ "config set 2": { error: "error: no such key" } }, /no such key/],
  };
  for (const [what, [instead, message]] of Object.entries(failures)) {
    it(`after ${what}`, async () => {
      const ended = await runHere({ instead });
      assert.equal(ended.code, 1);
      assert.match(ended.shown, message);
      assertGone(ended);
      assert.deepEqual(settingsLeft(), []);
    });
  }

  it("what a CLI that was killed has locked", async () => {
    const locked = { error: "error: the stack is currently locked by 1 lock(s)" };
    const ended = await runHere({ instead: { up: { error: "killed" }, "destroy 1": locked } });
    assert.deepEqual(changes(ended.asked).slice(-4), ["destroy", "cancel", "destroy", "stack rm"]);
    assertGone(ended);
  });

  for (const [step, times, command] of [
    ["stack init", 1, "stack init"],
    ["preview", 1, "preview"],
    ["up", 1, "up"],
    ["up 2", 2, "up"],
    ["config set", 1, "config set"],
  ] as const) {
    it(`after Ctrl-C in ${step}`, async () => {
      const { child, ended } = await startUntil(command, { [step]: { wait: true } }, times);
      signal(child, "SIGINT");
      const { code, shown, asked } = await ended;
      assert.equal(code, 1);
      assert.match(shown, /Interrupted \(SIGINT\)/);
      if (changes(asked).includes("destroy")) assertGone({ code, shown, asked });
      // The stack was not there yet.
      else assert.equal(step, "stack init");
      assert.deepEqual(settingsLeft(), []);
    });
  }

  it("after a Ctrl-C that npm passes on a second time", async () => {
    const { child, ended } = await startUntil("up", whileUp);
    signal(child, "SIGINT");
    child.kill("SIGINT");
    assertGone(await ended);
  });

  it("after an interruption that the CLI has not heard of", async () => {
    const { child, ended } = await startUntil("up", whileUp);
    child.kill("SIGTERM");
    assertGone(await ended);
  });

  it("when the terminal is closed", async () => {
    const { child, ended } = await startUntil("up", whileUp);
    signal(child, "SIGHUP");
    assertGone(await ended);
  });
});

describe("npm run e2e says how to clean up", () => {
  const { startUntil, runHere } = useE2E();

  function assertCommands({ code, shown }: Ended): void {
    assert.equal(code, 1);
    assert.ok(
      / {4}pulumi destroy --yes --stack (e2e-\w+)\n.* {4}pulumi stack rm --yes \1\n/.test(shown),
      shown,
    );
    assert.doesNotMatch(shown, /^ +at /m);
  }

  it("when nothing can be deleted", async () => {
    const destroy = { error: "error: connection refused" };
    assertCommands(await runHere({ instead: { up: { error: "x" }, destroy } }));
  });

  it("when the stack cannot be removed", async () => {
    const remove = { error: "error: still has resources" };
    assertCommands(await runHere({ instead: { up: { error: "x" }, "stack rm": remove } }));
  });

  it("when another Ctrl-C ends the cleaning up", async () => {
    const instead: Plan["instead"] = { up: { error: "x" }, destroy: { wait: true } };
    const { child, ended } = await startUntil("destroy", instead);
    signal(child, "SIGINT");
    assertCommands(await ended);
  });
});
