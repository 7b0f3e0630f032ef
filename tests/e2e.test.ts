import { strict as assert } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "./support/command";
import { copyProject } from "./support/project";

/** A stand-in for the Pulumi CLI that records its commands and does what a test asks for. */
const script = (log: string, up: string, destroy: string) => `#!/bin/sh
echo "$*" >> '${log}'
case $1 in
  version) echo v3.999.0 ;;
  stack) echo '[]' ;;
  up) ${up} ;;
  destroy) ${destroy} ;;
esac
`;

describe("npm run e2e", () => {
  /** Runs it, and returns the names of the commands that the CLI ran, too. */
  async function e2e({ up = "", destroy = "", args = [] as string[], path = "" }) {
    const folder = copyProject();
    const log = join(folder, "log");
    writeFileSync(log, "");
    writeFileSync(join(folder, "pulumi"), script(log, up, destroy), { mode: 0o755 });
    const result = await runCommand("e2e", args, {
      cwd: folder,
      env: { ...process.env, PATH: path || `${folder}:${process.env.PATH}` },
    });
    const commands = readFileSync(log, "utf8").match(/^(up|destroy|stack rm)/gm);
    return { ...result, commands };
  }

  const howToDelete = / {4}pulumi destroy --yes --stack (e2e-\w+)\n {4}pulumi stack rm --yes \1\n/g;

  it("deletes its stack after a failure, having said how to do it by hand", async () => {
    const { code, output, commands } = await e2e({ up: "echo 'error: no credentials' >&2; exit 255" });
    assert.equal(code, 1);
    assert.deepEqual(commands, ["up", "destroy", "stack rm"]);
    assert.equal(output.match(howToDelete)?.length, 1, output);
    assert.match(output, /\nno credentials\n$/);
  });

  it("deletes its stack after Ctrl-C", async () => {
    // A terminal sends the signal to all processes of the group.
    const { code, output, commands } = await e2e({ up: "kill -INT 0; exec sleep 60" });
    assert.equal(code, 1);
    assert.deepEqual(commands, ["up", "destroy", "stack rm"]);
    assert.match(output, /\nInterrupted\.\n$/);
  });

  it("says again how to delete its stack when it can't", async () => {
    const { code, output } = await e2e({ up: "exit 255", destroy: "exit 255" });
    assert.equal(code, 1);
    assert.equal(output.match(howToDelete)?.length, 2, output);
  });

  it("explains in one sentence that there is no Pulumi CLI, or that there are no such settings", async () => {
    const { output } = await e2e({ path: "/nowhere" });
    assert.match(output, /^The Pulumi CLI is not on the PATH\. Install it: .*\n$/);
    assert.match((await e2e({ args: ["--settings", "x"] })).output, /^There is no Pulumi\.x\.yaml\. .*\n$/);
  });
});
