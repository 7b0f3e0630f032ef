import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { project } from "./support/project";

describe("the tests", () => {
  const folder = mkdtempSync(join(tmpdir(), "tests-"));
  after(() => rmSync(folder, { recursive: true }));

  /** Mocha's exit code for test files with these contents. */
  function exitCodeOf(...contents: string[]): number | null {
    const files = contents.map((content, i) => {
      const file = join(folder, `${i}.js`);
      writeFileSync(file, content);
      return file;
    });
    const mocha = require.resolve("mocha/bin/mocha.js");
    return spawnSync(process.execPath, [mocha, ...files], { cwd: project }).status;
  }

  const passing = 'it("passes", (done) => setTimeout(done, 500));';
  const crashing =
    'it("passes", () => {}); after(() => setTimeout(() => Promise.reject(new Error("late")), 10));';

  it("succeed if they all pass", () => assert.equal(exitCodeOf(passing, passing), 0));

  it("fail if one fails", () => assert.equal(exitCodeOf(passing, 'it("fails", () => { throw 1; });'), 1));

  it("fail if a process crashes after its tests have passed", () =>
    assert.notEqual(exitCodeOf(passing, crashing), 0));
});
