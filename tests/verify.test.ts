import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promises } from "../acceptance/promises";
import { createSite } from "../acceptance/site";
import { project } from "./support/project";
import { type Page, startSite } from "./support/site";

const settings = { cookieName: "sid", idleSeconds: "60" };

describe("what a visit promises", () => {
  /** The sentences of the promises that a site breaks which spoils its answers. */
  async function brokenBy(spoil: (page: Page, cookie: string) => Page): Promise<string[]> {
    const { url, close } = await startSite(() => settings, spoil);
    const site = createSite(url, "sid");
    const broken: string[] = [];
    for (const { sentence, check } of promises) await check(site).catch(() => broken.push(sentence));
    close();
    return broken;
  }

  it("is kept by a site that does all of it", async () => {
    assert.deepEqual(await brokenBy((page) => page), []);
  });

  it("is kept in no point by a site that is something else", async () => {
    const broken = await brokenBy(() => ({ status: 200, headers: {}, body: "It works!" }));
    assert.equal(broken.length, promises.length);
  });

  const withHeader = (name: string, change: (value: string) => string) => (page: Page) => ({
    ...page,
    headers: { ...page.headers, [name]: change(page.headers[name] ?? "") },
  });
  let visits = 0;
  const faults: Record<string, [spoil: (page: Page, cookie: string) => Page, broken: RegExp]> = {
    "scripts can read the cookie": [
      withHeader("set-cookie", (value) => value.replace(" HttpOnly;", "")),
      /^The cookie/,
    ],
    "the cookie goes to other sites": [
      withHeader("set-cookie", (value) => `${value}; Domain=test`),
      /^The cookie/,
    ],
    "the cookie never ends": [
      withHeader("set-cookie", (value) => value.replace(/ Max-Age=\d+;/, "")),
      /^The cookie/,
    ],
    "answers may be cached": [withHeader("cache-control", () => "public"), /^Answers/],
    "an id is taken over": [
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
      /^An id that a visitor made up/,
    ],
    "a count comes twice": [
      (page) => ({ ...page, body: page.body.replace(/counter: 300$/, "counter: 299") }),
      /^Of 500 parallel visits/,
    ],
    "a visit in a thousand is counted double": [
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
      /^Of 500 parallel visits/,
    ],
  };
  for (const [fault, [spoil, expected]] of Object.entries(faults)) {
    it(`falls short when ${fault}`, async () => {
      const broken = await brokenBy(spoil);
      assert.equal(broken.length, 1, broken.join("\n"));
      assert.match(broken[0] ?? "", expected);
    });
  }
});

describe("npm run verify", () => {
  async function verify(...args: string[]) {
    const script = join(project, "acceptance/verify.ts");
    const child = spawn(process.execPath, ["-r", "pulumi-aws-local/register.js", script, ...args], {
      cwd: project,
    });
    let shown = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        shown += text;
      });
    }
    const [code] = await once(child, "close");
    return { code, shown };
  }

  it("shows each promise with what it saw, and what it leaves behind", async () => {
    const { url, close } = await startSite(() => settings);
    const { code, shown } = await verify(url, "--cookie-name", "sid");
    close();
    assert.equal(code, 0, shown);
    for (const { sentence } of promises) assert.ok(shown.includes(`kept   ${sentence}\n       `), shown);
    assert.match(shown, /500 different counts, 500 visits counted/);
    assert.match(shown, /Left behind: [23]\d sessions/);
  });

  it("exits with 1 when a promise falls short", async () => {
    const { url, close } = await startSite(
      () => settings,
      (page) => ({ ...page, headers: { ...page.headers, "cache-control": "public" } }),
    );
    const { code, shown } = await verify(url, "--cookie-name=sid");
    close();
    assert.equal(code, 1);
    assert.match(shown, /SHORT {2}Answers are plain text.*\n {7}the header cache-control is public/);
    assert.match(shown, /\n17 of 18 promises were kept\./);
  });

  it("says a mistake in a sentence", async () => {
    const { url, close } = await startSite(() => settings);
    const mistakes: [args: string[], message: RegExp][] = [
      [[], /^Name one URL, such as https:.*\n$/],
      [["localhost:3000"], /^Name one URL/],
      [["http://127.0.0.1:1"], /^Nothing answers at http:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)\..*\n$/],
      [["--name", "sid", url], /^Unknown option '--name'.*--help\.\n$/],
      [[url], /sets no cookie "cookie-test"\. Name the stack's cookie with --cookie-name\.\n$/],
    ];
    for (const [args, message] of mistakes) {
      const { code, shown } = await verify(...args);
      assert.equal(code, 1);
      assert.match(shown, message);
    }
    close();
  });
});
