import { strict as assert } from "node:assert";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checks } from "../commands/checks";
import { connect } from "../commands/client";
import { runCommand } from "./support/command";
import { type Change, startFakeSite } from "./support/fakesite";
import { project } from "./support/project";

const change =
  (part: "body" | string, replace: (text: string) => string): Change =>
  (page) =>
    part === "body"
      ? { ...page, body: replace(page.body) }
      : { ...page, headers: { ...page.headers, [part]: replace(page.headers[part] ?? "") } };

describe("the checks", () => {
  /** The titles of the checks that fail against a site with changed responses. */
  async function failedChecks(change: Change, pattern?: RegExp): Promise<string[]> {
    const { url, close } = await startFakeSite(change);
    const client = await connect(url, "sid", pattern);
    const failed: string[] = [];
    for (const { title, run } of checks) await run(client).catch(() => failed.push(title));
    close();
    return failed;
  }

  const html = change("body", (body) => `<html>Visit ${/\d+$/.exec(body)}</html>`);
  const apps: Record<string, [app: Change, pattern?: RegExp]> = {
    "this application": [(page) => page],
    "an HTML page that shows the counter": [html, /Visit (\d+)/],
    "an HTML page whose counter they are not told about": [html],
    "a route that answers with JSON": [change("body", () => '{"items":[]}')],
    "an app that keeps bots from starting sessions": [
      (page, { "user-agent": agent = "" }) =>
        /^Mozilla/.test(agent) && !/bot|crawl|spider|preview|monitor|probe/i.test(agent)
          ? page
          : { status: 200, headers: {}, body: "Hello." },
    ],
  };
  for (const [what, [app, pattern]] of Object.entries(apps)) {
    it(`pass against ${what}`, async () => assert.deepEqual(await failedChecks(app, pattern), []));
  }

  it("pass against a site that is overloaded by 500 visits at once, but not by 100", async () => {
    let failures = 0;
    const overloaded: Change = (page) =>
      /counter: [34]\d\d$/.test(page.body) && failures++ < 3 ? { ...page, status: 503 } : page;
    assert.deepEqual(await failedChecks(overloaded), []);
  });

  let visits = 0;
  const faults: Record<string, [fault: Change, failed: RegExp]> = {
    "scripts can read the cookie": [
      change("set-cookie", (value) => value.replace(" HttpOnly;", "")),
      /^The cookie/,
    ],
    "the cookie is sent to other hosts": [
      change("set-cookie", (value) => `${value}; Domain=test`),
      /^The cookie/,
    ],
    "the cookie has no Max-Age": [
      change("set-cookie", (value) => value.replace(/ Max-Age=\d+;/, "")),
      /^The cookie/,
    ],
    "responses may be cached": [change("cache-control", () => "public"), /^Responses/],
    "a made-up id is accepted": [
      (page, { cookie = "" }) => {
        const forged = /^sid=([0-9a-f-]{36})$/.exec(cookie)?.[1];
        return change("set-cookie", (value) => (forged ? value.replace(/[0-9a-f-]{36}/, forged) : value))(
          page,
          {},
        );
      },
      /^A made-up session id/,
    ],
    "two visits get the same counter": [
      change("body", (body) => body.replace(/counter: 300$/, "counter: 299")),
      /^500 parallel visits/,
    ],
    "one visit is counted twice": [
      change("body", (body) => {
        visits += 1;
        return body.replace(/counter: (\d{3,})$/, (_, n) => `counter: ${Number(n) + (visits > 400 ? 1 : 0)}`);
      }),
      /^500 parallel visits/,
    ],
  };
  for (const [fault, [app, expected]] of Object.entries(faults)) {
    it(`fail when ${fault}`, async () => {
      const failed = await failedChecks(app);
      assert.equal(failed.length, 1, failed.join("\n"));
      assert.match(failed[0] ?? "", expected);
    });
  }

  it("fail when a page without a counter forgets its visitors", async () => {
    const forget: Change = (page, { cookie }) =>
      change("set-cookie", (value) => (cookie ? value.replace(/sid=./, "sid=x") : value))(html(page, {}), {});
    assert.match((await failedChecks(forget))[0] ?? "", /^A first visit/);
  });
});

describe("npm run verify", () => {
  /** Runs it against a site with changed responses. */
  async function verify(app: Change, ...args: string[]) {
    const { url, close } = await startFakeSite(app);
    const result = await runCommand("verify", [url, "--cookie-name", "sid", ...args]);
    close();
    return result;
  }

  it("shows each check with its result", async () => {
    const { code, output } = await verify((page) => page);
    assert.equal(code, 0, output);
    for (const { title } of checks) assert.ok(output.includes(`pass  ${title}\n      `), output);
  });

  it("exits with 1 when a check fails", async () => {
    const { code, output } = await verify(change("cache-control", () => "public"));
    assert.equal(code, 1);
    assert.match(output, /FAIL {2}Responses must .*\n {6}the header cache-control is public\n/);
    assert.match(output, /\n1 of 8 checks failed\.\n$/);
  });

  const same: Change = (page) => page;
  const mistakes: [what: string, app: Change, args: string[], message: RegExp][] = [
    ["a second URL", same, ["http://a.test"], /^Pass one URL/],
    [
      "an unknown option",
      same,
      ["--name", "sid"],
      /^Unknown option '--name'\. See npm run verify -- --help\./,
    ],
    [
      "another cookie name",
      same,
      ["--cookie-name", "x"],
      /sets no cookie named x\. Its cookies: sid\. Pass .*--cookie-name/,
    ],
    [
      "a pattern that the page doesn't match",
      same,
      ["--page", "Visit (.)"],
      /^\/Visit \(\.\)\/ finds no counter on the page/,
    ],
    ["a pattern that is none", same, ["--page", "("], /^--page takes a regular expression/],
    ["a page that doesn't exist", (page) => ({ ...page, status: 404 }), [], /answered 404, not 200/],
  ];
  for (const [what, app, args, message] of mistakes) {
    it(`explains ${what} in one line`, async () => {
      const { code, output } = await verify(app, ...args);
      assert.equal(code, 1);
      assert.match(output, message);
      assert.equal(output.trim().split("\n").length, 1);
    });
  }

  it("explains a URL where nothing answers", async () => {
    const { code, output } = await runCommand("verify", ["http://localhost:2"]);
    assert.equal(code, 1);
    assert.match(output, /^No response from http:\/\/localhost:2\/ \(ECONNREFUSED\)\..*\n$/);
  });
});

describe("the commands", () => {
  for (const name of ["verify", "e2e", "soak"]) {
    it(`show their help: ${name}`, async () => {
      const { code, output } = await runCommand(name, ["-h"]);
      assert.equal(code, 0);
      assert.match(output, new RegExp(`\n  npm run ${name} -- .*\n\n`));
    });
  }

  it("say so if npm ci has not been run", async () => {
    const folder = mkdtempSync(join(tmpdir(), "commands-"));
    cpSync(join(project, "commands"), join(folder, "commands"), { recursive: true });
    assert.deepEqual(await runCommand("verify", [], { from: folder }), {
      code: 1,
      output: "Run npm ci first.\n",
    });
    rmSync(folder, { recursive: true });
  });
});
