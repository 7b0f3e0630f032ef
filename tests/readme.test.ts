import { strict as assert } from "node:assert";
import { type Run, run } from "pulumi-aws-local";
import { applyDiffs } from "../examples/members/apply";
import { createBrowser } from "./support/browser";
import { copyProject } from "./support/project";

describe("the README's example", () => {
  let running: Run;
  after(() => running?.close());

  it("adds own data and routes to the app", async () => {
    const folder = copyProject();
    applyDiffs(folder, "README.md", "handler.ts", "index.ts");
    running = await run({ folder, stack: "dev", port: 0 });
    const browser = createBrowser(String(running.outputs.url));
    await browser.visit();
    assert.equal((await browser.visit("/theme")).body, "theme: light");
    const form = { body: new URLSearchParams({ theme: "dark" }) };
    assert.equal((await browser.visit("/theme", "POST", form)).status, 303);
    assert.equal((await browser.visit("/theme")).body, "theme: dark");
    assert.match((await browser.visit()).body, /counter: 2$/);
  });
});
