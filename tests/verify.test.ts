import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checks } from "../commands/checks";
import { connect } from "../commands/client";
import { runCommand } from "./support/command";
import { project } from "./support/project";

/** Changes the text of an HTTP response to a request with these headers. */
type Change = (response: string, request: IncomingHttpHeaders) => string;

/** Starts an in-memory site that passes all checks, unless its responses are changed so that they don't. */
async function startSite(change: Change) {
  const counters = new Map<string, number>();
  const server = createServer(({ method, url, headers, socket }, response) => {
    if (method !== "GET" || url !== "/") return response.writeHead(404).end();
    const values = (headers.cookie ?? "").split("; ").map((pair) => pair.replace(/^sid=/, ""));
    const id = values.find((value) => counters.has(value)) ?? randomUUID();
    const counter = (counters.get(id) ?? 0) + 1;
    counters.set(id, counter);
    const lines = [
      "HTTP/1.1 200 OK",
      "connection: close",
      "cache-control: no-store",
      "strict-transport-security: max-age=63072000",
      "x-content-type-options: nosniff",
      `set-cookie: sid=${id}; Max-Age=1800; Path=/; HttpOnly; Secure; SameSite=Lax`,
      "",
      `session-id: ${id}, counter: ${counter}`,
    ];
    socket.end(change(lines.join("\r\n"), headers));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, close: () => server.close() };
}

const ours: Change = (text) => text;
const html: Change = (text) => text.replace(/session-id: .*counter: (\d+)$/, "<html>Visit $1</html>");

describe("the checks", () => {
  /** All but the one that makes hundreds of visits. */
  const quick = checks.filter(({ title }) => !title.startsWith("500"));

  /** The titles of the checks that fail against a site with changed responses. */
  async function failedChecks(change: Change, page?: RegExp, tried = quick): Promise<string[]> {
    const { url, close } = await startSite(change);
    const client = await connect(url, "sid", page);
    const failed: string[] = [];
    for (const { title, run } of tried) await run(client).catch(() => failed.push(title));
    close();
    return failed;
  }

  const isBot = (agent = "") => !/^Mozilla/.test(agent) || /bot|crawl|spider|preview|monitor/i.test(agent);
  const good: Record<string, [app: Change, page?: RegExp]> = {
    "this application": [ours],
    "an HTML page that shows a counter": [html, /Visit (\d+)/],
    "a route that answers with JSON": [(text) => text.replace(/session-id:.*/, '{"items":[]}')],
    "an app that starts no sessions for bots": [
      (text, { "user-agent": agent }) => (isBot(agent) ? text.replace(/set-cookie.*\r\n/, "") : text),
    ],
  };
  for (const [what, [app, page]] of Object.entries(good)) {
    it(`pass against ${what}`, async () => assert.deepEqual(await failedChecks(app, page), []));
  }

  it("pass against a site that is overloaded by 500 visits at once, but not by 100", async () => {
    let failures = 0;
    const overloaded: Change = (text) =>
      /[34]\d\d$/.test(text) && failures++ < 3 ? text.replace("200 OK", "503 Busy") : text;
    assert.deepEqual(await failedChecks(overloaded, undefined, checks), []);
  });

  let visits = 0;
  const bad: Record<string, [app: Change, failed: RegExp]> = {
    "the cookie is sent to other hosts": [(text) => text.replace("Lax", "Lax; Domain=test"), /^The cookie/],
    "responses may be cached": [(text) => text.replace("no-store", "public"), /^Responses/],
    "a page without a counter forgets its visitors": [
      (text, { cookie }) => html(text, {}).replace("sid=", cookie ? "sid=x" : "sid="),
      /^A first visit/,
    ],
    "a page without a counter accepts a made-up id": [
      (text, { cookie = "" }) =>
        html(text, {}).replace(/sid=[^;]*/, /^sid=[0-9a-f-]{36}$/.test(cookie) ? cookie : "$&"),
      /^A made-up session id/,
    ],
    "two visits get the same counter": [(text) => text.replace(/counter: 300$/, "counter: 299"), /^500/],
    "one visit is counted twice": [
      (text) => text.replace(/\d{3,}$/, (n) => `${Number(n) + (++visits > 400 ? 1 : 0)}`),
      /^500 parallel visits/,
    ],
  };
  for (const [fault, [app, expected]] of Object.entries(bad)) {
    it(`fail when ${fault}`, async () => {
      const tried = checks.filter((check) => quick.includes(check) || expected.test(check.title));
      const [failed = ""] = await failedChecks(app, undefined, tried);
      assert.match(failed, expected);
    });
  }
});

describe("npm run verify", () => {
  /** Runs it against a site with changed responses. The arguments are separated by commas. */
  async function verify(app: Change, args = "URL") {
    const { url, close } = await startSite(app);
    const result = await runCommand("verify", `--cookie-name=sid,${args.replace("URL", url)}`.split(","));
    close();
    return result;
  }

  it("shows each check with its result, and exits with 1 only when one fails", async () => {
    assert.equal((await verify(ours)).code, 0);
    const { code, output } = await verify((text) => text.replace("no-store", "public"));
    assert.equal(code, 1);
    for (const { title } of checks)
      if (!title.startsWith("Responses")) assert.ok(output.includes(`pass  ${title}\n      `), output);
    assert.match(output, /FAIL {2}Responses must .*\n {6}the header cache-control is public\n/);
    assert.match(output, /\n1 of 8 checks failed\.\n$/);
  });

  const wrongPage: Change = (text) => text.replace("200 OK", "404 None");
  const mistakes: [what: string, message: RegExp, args?: string, app?: Change][] = [
    ["a URL where nothing answers", /^No response from .* \(ECONNREFUSED\)/, "http://localhost:2"],
    ["a page that doesn't exist", /answered 404, not 200/, "URL", wrongPage],
    ["another cookie", /no cookie named x\. Its cookies: sid\. Pass/, "URL,--cookie-name=x"],
    ["two URLs", /^Pass one URL/, "URL,http://a.test"],
    ["an unknown option", /^Unknown option '--name'\. See npm run verify -- --help\.$/m, "--name,URL"],
    ["a wrong pattern", /^\/Visit \(\.\)\/ finds no counter on the page/, "URL,--page=Visit (.)"],
    ["a pattern that is none", /^--page takes a regular expression/, "URL,--page=("],
  ];
  for (const [what, message, args, app = ours] of mistakes) {
    it(`explains ${what} in one line`, async () => {
      const { code, output } = await verify(app, args);
      assert.equal(code, 1);
      assert.match(output, message);
      assert.equal(output.trim().split("\n").length, 1);
    });
  }
});

describe("the commands", () => {
  it("show their help", async () => {
    for (const name of ["verify", "e2e", "soak"])
      assert.match((await runCommand(name, ["-h"])).output, new RegExp(`\n  npm run ${name} -- .*\n\n`));
  });

  it("say so if npm ci has not been run", async () => {
    const folder = mkdtempSync(join(tmpdir(), "commands-"));
    cpSync(join(project, "commands"), join(folder, "commands"), { recursive: true });
    assert.equal((await runCommand("verify", [], { from: folder })).output, "Run npm ci first.\n");
    rmSync(folder, { recursive: true });
  });
});
