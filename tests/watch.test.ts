import { strict as assert } from "node:assert";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Started, start, urlOf } from "../packages/local/tests/support/start";
import { until } from "../packages/local/tests/support/until";
import { createBrowser } from "./support/browser";
import { copyProject } from "./support/project";

describe("npm start -- --watch", () => {
  let copy: string;
  let running: Started;
  let url: string;

  before(async () => {
    copy = copyProject();
    running = start(["--watch", "--verbose", "--port", "0"], copy);
    url = await urlOf(running);
  });
  /** Replaces a text that occurs in a file of the copy. */
  function edit(name: string, old: string, replacement: string) {
    const text = readFileSync(join(copy, name), "utf8");
    assert.ok(text.includes(old), old);
    writeFileSync(
      join(copy, name),
      text.replace(old, () => replacement),
    );
  }

  after(async () => {
    if (running?.child.kill("SIGTERM")) await once(running.child, "close");
  });

  it("keeps sessions while the page changes and a route is added, and shows events and results", async () => {
    const browser = createBrowser(url);
    await browser.visit();
    const id = browser.jar.get("cookie-test");
    edit("handler.ts", "body: `session-id", "body: `new page, session-id");
    edit("handler.ts", '{ "GET /": countVisit }', '{ "GET /": countVisit, "GET /visit": countVisit }');
    edit("index.ts", '["GET /"]', '["GET /", "GET /visit"]');
    const visit = () => browser.visit("/visit");
    const { body } = await until("the new route", visit, ({ status }) => status === 200);
    assert.match(body, new RegExp(`^new page, session-id: ${id}, counter: [1-9]\\d*$`));
    // What --verbose adds.
    assert.match(running.shown.stdout, /event: \{.*routeKey: 'GET \/'/s);
    assert.match(running.shown.stdout, /counter: 1/);
  });
});
