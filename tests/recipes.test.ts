import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { type Run, run } from "pulumi-aws-local";
import { createBrowser } from "./support/browser";
import { copyProject } from "./support/project";
import { applyRecipe, blockUnder, patches } from "./support/recipes";
import { connection } from "./support/table";

type Browser = ReturnType<typeof createBrowser>;
/** What to check in a project that contains the recipe. */
const recipeChecks: Record<string, (url: string) => Promise<void>> = {
  "Store data of your own": async (url) => {
    const { visit } = createBrowser(url);
    assert.match((await visit()).body, /counter: 1, theme: light$/);
    assert.match((await visit("/?theme=dark")).body, /counter: 2, theme: dark$/);
    assert.match((await visit("/?theme=<pink>")).body, /counter: 3, theme: dark$/);
    const other = createBrowser(url);
    assert.match((await other.visit("/?theme=dark")).body, /counter: 1, theme: dark$/);
  },

  "Log out": async (url) => {
    const { jar, visit } = createBrowser(url);
    await visit();
    const token = jar.get(cookieName) ?? "";
    const { status, headers } = await visit("/logout", "POST");
    assert.equal(status, 200);
    assert.match(headers.get("set-cookie") ?? "", /^[\w-]+=; Max-Age=0;/);
    jar.set(cookieName, token);
    assert.match((await visit()).body, /counter: 1\b/);
    assert.notEqual(jar.get(cookieName), token);
    assert.equal((await createBrowser(url).visit("/logout", "POST")).status, 200);
  },

  "Log in": async (url) => {
    const browser = createBrowser(url);
    await browser.visit();
    const old = withCookieOf(browser, url);
    assert.match((await logIn(browser, "alice")).body, /counter: 2\b/);
    assert.notEqual(browser.jar.get(cookieName), old.jar.get(cookieName));
    assert.match((await browser.visit()).body, /counter: 3\b/);
    // A cookie planted or stolen before the login is worthless, even for another login.
    const refused = await old.visit();
    assert.deepEqual([refused.status, refused.headers.get("set-cookie")], [409, null]);
    assert.equal((await logIn(old, "mallory")).status, 409);

    for (const user of ["", "a\r\nset-cookie: x=1", "x".repeat(65)]) {
      assert.equal((await logIn(createBrowser(url), user)).status, 403);
    }
    const crossSite = {
      body: new URLSearchParams({ user: "alice" }),
      headers: { "sec-fetch-site": "cross-site" },
    };
    assert.equal((await createBrowser(url).visit("/login", "POST", crossSite)).status, 403);
    assert.match((await logIn(createBrowser(url), "bob")).body, /counter: 1\b/);
  },

  "Log out everywhere": async (url) => {
    const browsers = [createBrowser(url), createBrowser(url), createBrowser(url)];
    const [mine, other, stranger] = browsers as [Browser, Browser, Browser];
    for (const browser of browsers) await browser.visit();
    const hasLogin = (await logIn(mine, "carol")).status === 200;
    if (hasLogin) {
      await logIn(other, "carol");
      await logIn(stranger, "dave");
    }
    const kept = withCookieOf(mine, url);
    const { status, headers } = await mine.visit("/logout-everywhere", "POST");
    assert.equal(status, 200);
    assert.match(headers.get("set-cookie") ?? "", /=; Max-Age=0;/);
    assert.match((await kept.visit()).body, /counter: 1\b/);
    assert.match((await other.visit()).body, hasLogin ? /counter: 1\b/ : /counter: 2\b/);
    assert.match((await stranger.visit()).body, hasLogin ? /counter: 3\b/ : /counter: 2\b/);
    assert.equal((await createBrowser(url).visit("/logout-everywhere", "POST")).status, 200);
  },

  "Keep bots from starting sessions": async (url) => {
    const browser = createBrowser(url);
    const bot = { headers: { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)" } };
    const { status, body } = await browser.visit("", "GET", bot);
    assert.deepEqual([status, body, browser.jar.size], [200, "Hello. You have no session.", 0]);
    assert.match((await browser.visit()).body, /counter: 1\b/);
    assert.match((await browser.visit("", "GET", bot)).body, /counter: 2\b/);
  },

  "Bind subdomains to HTTPS": async (url) => {
    const { headers } = await createBrowser(url).visit();
    assert.equal(headers.get("strict-transport-security"), "max-age=63072000; includeSubDomains");
  },

  "Add a function": async (url) => {
    const { jar, visit } = createBrowser(url);
    assert.equal((await visit("/health")).body, "healthy");
    assert.equal(jar.size, 0);
    assert.match((await visit()).body, /counter: 1\b/);
  },
};

const cookieName = "cookie-test";
const logIn = (browser: Browser, user: string) =>
  browser.visit("/login", "POST", { body: new URLSearchParams({ user }) });
const withCookieOf = (browser: Browser, url: string) => {
  const other = createBrowser(url);
  other.jar.set(cookieName, browser.jar.get(cookieName) ?? "");
  return other;
};

// Applies each recipe to a copy of the project and runs it.
describe("the recipes", () => {
  let folder: string;
  let running: Run | undefined;

  beforeEach(() => {
    folder = copyProject();
  });
  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  const set = (key: string, value: string) => {
    const [, project] = /^name: (.+)$/m.exec(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) ?? [];
    appendFileSync(join(folder, "Pulumi.dev.yaml"), `  ${project}:${key}: ${value}\n`);
  };
  async function runCopy(): Promise<string> {
    running = await run({ folder, stack: "dev", port: 0 });
    return running.endpoints[0] ?? "";
  }

  for (const [recipe, check] of Object.entries(recipeChecks)) {
    it(`"${recipe}" works`, async function () {
      if (!applyRecipe(recipe, folder)) this.skip();
      await check(await runCopy());
    });
  }

  for (const secretIds of ["false", "true"]) {
    it(`work all together, with secretIds ${secretIds}`, async () => {
      for (const recipe of patches) applyRecipe(recipe, folder);
      set("secretIds", secretIds);
      const url = await runCopy();
      for (const check of Object.values(recipeChecks)) await check(url);
    });

    it(`"Log in" keeps one live session and loses no count with parallel requests, with secretIds ${secretIds}`, async () => {
      applyRecipe("Log in", folder);
      set("secretIds", secretIds);
      const url = await runCopy();
      const dynamodb = new DynamoDBClient(connection(running?.dynamodb ?? ""));
      const liveSessions = async () => {
        const command = new ScanCommand({ TableName: String(running?.outputs.tableName) });
        const { Items = [] } = await dynamodb.send(command);
        return Items.filter((item) => item["created-at"]);
      };
      // A busy machine may be too slow for 64 visitors: a visit that gets a 503 may have been counted.
      for (const visitors of [64, 32, 16]) {
        const before = (await liveSessions()).map((item) => item["session-id"]?.S);
        const browser = createBrowser(url);
        await browser.visit();
        const old = Array.from({ length: visitors }, () => withCookieOf(browser, url));
        const responses = await Promise.all(
          old.map((visitor, i) => (i % 16 === 8 ? logIn(visitor, "alice") : visitor.visit())),
        );
        if (responses.some(({ status }) => status === 503)) continue;
        const counters = responses.flatMap(({ status, body }) => {
          assert.ok([200, 409].includes(status), body);
          return status === 200 ? [Number(/counter: (\d+)/.exec(body)?.[1])] : [];
        });
        counters.sort((a, b) => a - b);
        assert.deepEqual(
          counters,
          counters.map((_, i) => i + 2),
        );
        const live = (await liveSessions()).filter((item) => !before.includes(item["session-id"]?.S));
        assert.deepEqual(
          live.map(({ counter, user }) => [counter?.N, user?.S]),
          [[`${counters.length + 1}`, "alice"]],
        );
        dynamodb.destroy();
        return;
      }
      assert.fail("there were 503s even with 16 parallel visitors");
    });
  }

  it("pass type checking, linting and formatting", async () => {
    for (const recipe of patches) applyRecipe(recipe, folder);
    const check = async (tool: string, args: string[]) =>
      promisify(execFile)(process.execPath, [require.resolve(tool), ...args], { cwd: folder });
    await check("typescript/bin/tsc", ["--noEmit", "-p", "."]);
    await check("@biomejs/biome/bin/biome", ["check", "--vcs-enabled=false"]);
  });

  it("are all documented and tested", () => {
    assert.deepEqual(
      Object.keys(recipeChecks)
        .map((name) => name.toLowerCase().replaceAll(" ", "-"))
        .sort(),
      patches.sort(),
    );
    const page = readFileSync(join(__dirname, "../docs/recipes/README.md"), "utf8");
    for (const name of patches) assert.ok(page.includes(`\n\`${name}.patch\`: `), name);
  });

  it('"Use a domain of your own" changes the URL', async () => {
    const commands = blockUnder("Use a domain of your own", "sh");
    const settings = [...commands.matchAll(/^pulumi config set (\w+) (\S+)$/gm)];
    assert.equal(settings.length, 2);
    for (const [, key = "", value = ""] of settings) set(key, value);
    const url = await runCopy();
    assert.equal(running?.outputs.url, `https://${settings[0]?.[2]}/`);
    // The domain doesn't exist locally; the API still responds at its own address.
    assert.match((await createBrowser(url).visit()).body, /counter: 1\b/);
    assert.ok(running?.notEmulated.includes("DomainName"));
  });
});
