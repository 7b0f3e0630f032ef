import { strict as assert } from "node:assert";
import { assertGone, changes, useE2E } from "./support/e2e";
import type { FakePulumiOptions } from "./support/fakepulumi";

describe("npm run e2e", () => {
  const { start, runInProcess, leftoverSettings } = useE2E();

  it("deploys, tests, deploys again, changes settings, and deletes everything", async () => {
    const result = await start().result;
    const { code, output, commands } = result;
    assert.equal(code, 0, output);
    assert.match(output, /(\d+) of \1 checks passed/);
    assert.match(output, /counter: 2; the cookie expires after 1799 s/);
    assert.match(output, /All steps passed\.\n$/);
    const settings = ["config set", "config set", "config set", "up"];
    assert.deepEqual(changes(commands), [
      "stack init",
      "preview",
      "up",
      "up",
      ...settings,
      "destroy",
      "stack rm",
    ]);
    const ups = commands.filter((line) => line.startsWith("up"));
    assert.deepEqual(
      ups.map((line) => line.includes("--expect-no-changes")),
      [false, true, false],
    );
    assertGone(result);
    assert.deepEqual(leftoverSettings(), []);
  });

  it("fails when changing settings changes the URL", async () => {
    // The Automation API reads the outputs twice after each deployment.
    const changed = { outputs: { url: "elsewhere" } };
    const result = await runInProcess({
      overrides: { "stack output 5": changed, "stack output 6": changed },
    });
    assert.equal(result.code, 1);
    assert.match(result.output, /The output url changed from http.* to elsewhere\./);
    assertGone(result);
  });

  it("keeps the stack with --keep, and says how to delete it", async () => {
    const { output, commands } = await runInProcess(
      { overrides: { preview: { error: "x" } } },
      { keep: true },
    );
    assert.match(output, /Kept stack e2e-.*: *\n {4}pulumi destroy .*\n {4}pulumi stack rm /);
    assert.ok(!commands.some((line) => line.startsWith("destroy")));
    assert.equal(leftoverSettings().length, 1);
  });

  describe("explains in one sentence", () => {
    const mistakes: Record<string, [cli: FakePulumiOptions, settings: string, message: RegExp]> = {
      "that the CLI is too old": [
        { version: "v3.20.0" },
        "dev",
        /^Pulumi CLI 3\.20\.0 is too old; .*install\/\n$/,
      ],
      "that the settings don't exist": [
        {},
        "nowhere",
        /Pulumi\.nowhere\.yaml does not exist\. Available: --settings/,
      ],
      "that the CLI is not logged in": [
        { overrides: { "stack ls": { error: "error: PULUMI_ACCESS_TOKEN must be set for login" } } },
        "dev",
        /The Pulumi CLI is not logged in\. Run pulumi login/,
      ],
      "that the name is taken": [
        { overrides: { "stack init": { error: "error: stack 'e2e' already exists" } } },
        "dev",
        /A stack with this name already exists\. Run the command again/,
      ],
    };
    for (const [what, [cli, settings, message]] of Object.entries(mistakes)) {
      it(what, async () => {
        const { code, output, commands } = await runInProcess(cli, { settings });
        assert.equal(code, 1);
        assert.match(output, message);
        assert.deepEqual(
          changes(commands).filter((step) => step !== "stack init"),
          [],
          "another stack was changed",
        );
        assert.deepEqual(leftoverSettings(), []);
      });
    }

    it("that an option is unknown", async () => {
      const { code, output } = await start({}, { args: ["--region", "x"] }).result;
      assert.equal(code, 1);
      assert.match(output, /^Unknown option '--region'.*--help\.\n$/);
    });

    it("that the Pulumi CLI is missing", async () => {
      const { code, output } = await start({}, { path: "/nowhere" }).result;
      assert.equal(code, 1);
      assert.match(output, /^The Pulumi CLI is not on the PATH\. Install it: https:.*\n$/);
    });
  });
});
