// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the code that is changed here has template strings

import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createBrowser } from "../../tests/support/browser";
import { copyProject } from "../../tests/support/project";
import { applyRecipe } from "../../tests/support/recipes";
import { start, untilShown } from "./support/start";

describe("npm start -- --watch", () => {
  let copy: string;
  let running: ReturnType<typeof start>;

  before(() => {
    copy = copyProject();
    running = start(["--watch", "--verbose", "--port", "0"], copy);
  });
  after(async () => {
    if (running.child.kill("SIGTERM")) await once(running.child, "close");
  });

  const change = (file: string, from: string, to: string) => {
    const path = join(copy, file);
    const text = readFileSync(path, "utf8");
    assert.ok(text.includes(from));
    writeFileSync(path, text.replace(from, to));
  };

  it("applies changes to what is running, keeps sessions and port, and outlives mistakes", async () => {
    // What changes before the compiler is ready is not missed either.
    await untilShown(running, "Outputs:");
    const url = /url +: "([^"]+)"/.exec(running.shown.stdout)?.[1] ?? "";
    const browser = createBrowser(url);
    assert.match((await browser.visit()).body, /^session-id: .+, counter: 1\b/);
    const id = browser.jar.get("cookie-test");

    for (const recipe of ["Add a function", "Log out", "Store data of your own"]) applyRecipe(recipe, copy);
    await untilShown(running, "Deployed again");
    assert.equal((await browser.visit("/?theme=dark")).body, `session-id: ${id}, counter: 2, theme: dark`);
    assert.equal((await createBrowser(url).visit("/health")).body, "healthy");
    assert.equal((await createBrowser(url).visit("/logout", "POST")).status, 200);

    change("handler.ts", "counter: ${counter},", "counter: ${counter.length},");
    await untilShown(running, "What was deployed before goes on.");
    assert.match(
      running.shown.stderr,
      /handler\.ts\(\d+,\d+\): error TS\d+: Property 'length' does not exist/,
    );
    assert.equal((await browser.visit()).body, `session-id: ${id}, counter: 3, theme: dark`);

    change("handler.ts", "counter: ${counter.length},", "visits: ${counter},");
    await untilShown(running, "Deployed again", 2);
    assert.equal((await browser.visit()).body, `session-id: ${id}, visits: 4, theme: dark`);

    change("Pulumi.dev.yaml", "logRetentionDays: 3", "logRetentionDays: 4");
    await untilShown(running, "What was deployed before goes on.", 2);
    assert.match(running.shown.stderr, /logRetentionDays is "4", but must be one of/);
    change("Pulumi.dev.yaml", "logRetentionDays: 4", "idleSeconds: 7");
    await untilShown(running, "Deployed again", 3);
    assert.match((await browser.visit()).headers.get("set-cookie") ?? "", /Max-Age=7;/);
  }).timeout(120_000);

  it("has been given recipes that leave the formatting in order", async () => {
    const biome = require.resolve("@biomejs/biome/bin/biome");
    await promisify(execFile)(process.execPath, [biome, "check", "--vcs-enabled=false"], { cwd: copy });
  });

  it("shows events and results when asked to", () => {
    assert.match(running.shown.stdout, /event: \{.*routeKey: 'GET \/'/s);
    assert.match(running.shown.stdout, /"counter: 1|counter: 1/);
  });
});
