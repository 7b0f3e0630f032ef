import { strict as assert } from "node:assert";
import { assertGone, changes, useE2E } from "./support/e2e";
import type { Plan } from "./support/pulumi";

describe("npm run e2e", () => {
  const { start, runHere, settingsLeft } = useE2E();

  it("deploys, tries, deploys again, changes settings, and deletes everything", async () => {
    const ended = await start().ended;
    const { code, shown, asked } = ended;
    assert.equal(code, 0, shown);
    assert.match(shown, /(\d+) of \1 promises were kept/);
    assert.match(shown, /counter: 2; its cookie lasts 1799 s/);
    assert.match(shown, /Everything is as promised\.\n$/);
    const settings = ["config set", "config set", "config set", "up"];
    assert.deepEqual(changes(asked), [
      "stack init",
      "preview",
      "up",
      "up",
      ...settings,
      "destroy",
      "stack rm",
    ]);
    const ups = asked.filter((line) => line.startsWith("up"));
    assert.deepEqual(
      ups.map((line) => line.includes("--expect-no-changes")),
      [false, true, false],
    );
    assertGone(ended);
    assert.deepEqual(settingsLeft(), []);
  });

  it("fails when a change of settings moves the URL", async () => {
    // It is asked twice after each deployment.
    const moved = { outputs: { url: "elsewhere" } };
    const ended = await runHere({ instead: { "stack output 5": moved, "stack output 6": moved } });
    assert.equal(ended.code, 1);
    assert.match(ended.shown, /The output url was http.*, and is now elsewhere\./);
    assertGone(ended);
  });

  it("keeps the stack on request, and says how to delete it", async () => {
    const { shown, asked } = await runHere({ instead: { preview: { error: "x" } } }, { keep: true });
    assert.match(shown, /Kept stack e2e-.*: *\n {4}pulumi destroy .*\n {4}pulumi stack rm /);
    assert.ok(!asked.some((line) => line.startsWith("destroy")));
    assert.equal(settingsLeft().length, 1);
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
        { instead: { "stack ls": { error: "error: PULUMI_ACCESS_TOKEN must be set for login" } } },
        "dev",
        /The Pulumi CLI is not logged in\. Run pulumi login/,
      ],
      "that the name is taken": [
        { instead: { "stack init": { error: "error: stack 'e2e' already exists" } } },
        "dev",
        /A stack of this name is already there\. Start again/,
      ],
    };
    for (const [what, [plan, settings, message]] of Object.entries(sentences)) {
      it(what, async () => {
        const { code, shown, asked } = await runHere(plan, { settings });
        assert.equal(code, 1);
        assert.match(shown, message);
        assert.deepEqual(
          changes(asked).filter((step) => step !== "stack init"),
          [],
          "somebody else's stack is touched",
        );
        assert.deepEqual(settingsLeft(), []);
      });
    }

    it("which option it does not have", async () => {
      const { code, shown } = await start({}, { args: ["--region", "x"] }).ended;
      assert.equal(code, 1);
      assert.match(shown, /^Unknown option '--region'.*--help\.\n$/);
    });

    it("that there is no CLI", async () => {
      const { code, shown } = await start({}, { path: "/nowhere" }).ended;
      assert.equal(code, 1);
      assert.match(shown, /^There is no Pulumi CLI on the PATH\. Install it: https:.*\n$/);
    });
  });
});
