import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Started, start, urlOf } from "../packages/local/tests/support/start";
import { until } from "../packages/local/tests/support/until";
import { createBrowser } from "./support/browser";
import { copyProject } from "./support/project";
import { applyRecipe } from "./support/recipes";

describe("npm start -- --watch", () => {
  let copy: string;
  let running: Started;
  let url: string;

  before(async () => {
    copy = copyProject();
    running = start(["--watch", "--verbose", "--port", "0"], copy);
    url = await urlOf(running);
  });
  after(async () => {
    if (running?.child.kill("SIGTERM")) await once(running.child, "close");
  });

  it("keeps sessions while recipes are applied", async () => {
    const browser = createBrowser(url);
    await browser.visit();
    const id = browser.jar.get("cookie-test");
    for (const recipe of ["Add a function", "Log out", "Store data of your own"]) applyRecipe(recipe, copy);
    const { body } = await until(
      "a page that shows a theme",
      () => browser.visit("/?theme=dark"),
      (page) => page.body.endsWith("theme: dark"),
    );
    assert.match(body, new RegExp(`^session-id: ${id}, counter: [1-9]\\d*, theme: dark$`));
    const health = () => createBrowser(url).visit("/health");
    await until("the new function", health, (page) => page.body === "healthy");
    const logout = () => createBrowser(url).visit("/logout", "POST");
    await until("the new route", logout, ({ status }) => status === 200);
  });

  it("passes Biome after the recipes are applied", async () => {
    const biome = require.resolve("@biomejs/biome/bin/biome");
    await promisify(execFile)(process.execPath, [biome, "check", "--vcs-enabled=false"], { cwd: copy });
  });

  it("shows an error in the handler with its line in TypeScript", async () => {
    const file = join(copy, "handler.ts");
    const text = readFileSync(file, "utf8").replace(
      /(?=let token = )/,
      '\nif (event.rawPath) throw new RangeError("too far");\n',
    );
    const line = text.split("\n").findIndex((each) => each.startsWith("if (event.rawPath)")) + 1;
    writeFileSync(file, text);
    await until(
      "a failing page",
      () => createBrowser(url).visit(),
      ({ status }) => status === 500,
    );
    await until(
      "the error's location",
      () => running.shown.stdout,
      (shown) => shown.includes(`${file}:${line}:`),
    );
  });

  it("shows events and results with --verbose", () => {
    assert.match(running.shown.stdout, /event: \{.*routeKey: 'GET \/'/s);
    assert.match(running.shown.stdout, /counter: 1/);
  });
});
