import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { project } from "./support/project";

describe("the tests", () => {
  it("fail if one of Mocha's processes crashes after its tests have passed", () => {
    const folder = mkdtempSync(join(tmpdir(), "tests-"));
    const files = {
      "passing.js": 'it("passes", (done) => setTimeout(done, 500));',
      "crashing.js": 'it("passes", () => {}); after(() => setTimeout(() => Promise.reject("late"), 10));',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const mocha = require.resolve("mocha/bin/mocha.js");
    const { status } = spawnSync(process.execPath, [mocha, `${folder}/*.js`], { cwd: project });
    assert.notEqual(status, 0);
    rmSync(folder, { recursive: true });
  });
});
