import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { checks } from "../commands/checks";
import { createClient } from "../commands/client";
import { type Page, startFakeSite } from "./support/fakesite";
import { project } from "./support/project";

const settings = { cookieName: "sid", idleSeconds: "60" };

describe("the checks", () => {
  /** The titles of the checks that fail against a site with changed responses. */
  async function failedChecks(breakPage: (page: Page, cookie: string) => Page): Promise<string[]> {
    const { url, close } = await startFakeSite(() => settings, breakPage);
    const client = createClient(url, "sid");
    const failed: string[] = [];
    for (const { title, run } of checks) await run(client).catch(() => failed.push(title));
    close();
    return failed;
  }

  it("pass against a correct site", async () => {
    assert.deepEqual(await failedChecks((page) => page), []);
  });

  it("pass against a site that is overloaded by 500 visits at once, but not by 100", async () => {
    let failures = 0;
    const failed = await failedChecks((page) =>
      /counter: [34]\d\d$/.test(page.body) && failures++ < 3 ? { ...page, status: 503 } : page,
    );
    assert.deepEqual(failed, []);
  });

  it("all fail against an unrelated site", async () => {
    const failed = await failedChecks(() => ({ status: 200, headers: {}, body: "It works!" }));
    assert.equal(failed.length, checks.length);
  });

  const withHeader = (name: string, change: (value: string) => string) => (page: Page) => ({
    ...page,
    headers: { ...page.headers, [name]: change(page.headers[name] ?? "") },
  });
  let visits = 0;
  const faults: Record<string, [breakPage: (page: Page, cookie: string) => Page, failed: RegExp]> = {
    "scripts can read the cookie": [
      withHeader("set-cookie", (value) => value.replace(" HttpOnly;", "")),
      /^The cookie/,
    ],
    "the cookie is sent to other hosts": [
      withHeader("set-cookie", (value) => `${value}; Domain=test`),
      /^The cookie/,
    ],
    "the cookie has no Max-Age": [
      withHeader("set-cookie", (value) => value.replace(/ Max-Age=\d+;/, "")),
      /^The cookie/,
    ],
    "responses may be cached": [withHeader("cache-control", () => "public"), /^Responses/],
    "a made-up id is accepted": [
      (page, cookie) => {
        const id = /^sid=([0-9a-f-]{36})$/.exec(cookie)?.[1];
        const own = /session-id: (\S+),/.exec(page.body)?.[1] ?? "";
        const replace = (text: string) => (id ? text.replace(own, id) : text);
        return {
          ...page,
          body: replace(page.body),
          headers: { ...page.headers, "set-cookie": replace(page.headers["set-cookie"] ?? "") },
        };
      },
      /^A made-up session id/,
    ],
    "two visits get the same counter": [
      (page) => ({ ...page, body: page.body.replace(/counter: 300$/, "counter: 299") }),
      /^500 parallel visits/,
    ],
    "one visit is counted twice": [
      (page) => {
        visits += 1;
        return {
          ...page,
          body: page.body.replace(
            /counter: (\d{3,})$/,
            (_, n) => `counter: ${Number(n) + (visits > 400 ? 1 : 0)}`,
          ),
        };
      },
      /^500 parallel visits/,
    ],
  };
  for (const [fault, [breakPage, expected]] of Object.entries(faults)) {
    it(`fail when ${fault}`, async () => {
      const failed = await failedChecks(breakPage);
      assert.equal(failed.length, 1, failed.join("\n"));
      assert.match(failed[0] ?? "", expected);
    });
  }
});

describe("npm run verify", () => {
  async function verify(...args: string[]) {
    const script = join(project, "commands/verify.ts");
    const child = spawn(process.execPath, ["-r", "pulumi-aws-local/register.js", script, ...args], {
      cwd: project,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    const [code] = await once(child, "close");
    return { code, output };
  }

  it("shows each check with its result, and how many sessions it leaves behind", async () => {
    const { url, close } = await startFakeSite(() => settings);
    const { code, output } = await verify(url, "--cookie-name", "sid");
    close();
    assert.equal(code, 0, output);
    for (const { title } of checks) assert.ok(output.includes(`pass  ${title}\n      `), output);
    assert.match(output, /500 different counters, 500 visits counted/);
    assert.match(output, /\n[23]\d sessions were left behind/);
  });

  it("exits with 1 when a check fails", async () => {
    const { url, close } = await startFakeSite(
      () => settings,
      (page) => ({ ...page, headers: { ...page.headers, "cache-control": "public" } }),
    );
    const { code, output } = await verify(url, "--cookie-name=sid");
    close();
    assert.equal(code, 1);
    assert.match(output, /FAIL {2}Responses are plain text.*\n {6}the header cache-control is public/);
    assert.match(output, /\n17 of 18 checks passed\./);
  });

  it("explains a mistake in one sentence", async () => {
    const { url, close } = await startFakeSite(() => settings);
    const mistakes: [args: string[], message: RegExp][] = [
      [[], /^Pass one URL, such as https:.*\n$/],
      [["localhost:3000"], /^Pass one URL/],
      [["http://127.0.0.1:1"], /^No response from http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)\..*\n$/],
      [["--name", "sid", url], /^Unknown option '--name'.*--help\.\n$/],
      [
        [url],
        /doesn't set a cookie named "cookie-test"\. Pass the stack's cookieName with --cookie-name\.\n$/,
      ],
    ];
    for (const [args, message] of mistakes) {
      const { code, output } = await verify(...args);
      assert.equal(code, 1);
      assert.match(output, message);
    }
    close();
  });
});
