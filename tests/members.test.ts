import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { type Run, run } from "pulumi-aws-local";
import { applyDiffs } from "../examples/members/apply";
import { endSessionsOf, type Store } from "../examples/members/everywhere";
import type { Data } from "../examples/members/handler";
import { createSessions } from "../sessions";
import { createBrowser } from "./support/browser";
import { recordLog } from "./support/log";
import { copyProject } from "./support/project";
import { connection } from "./support/table";

const folder = copyProject();
const applyReadme = () => applyDiffs(folder, "examples/members/README.md", "index.ts");
applyReadme();

describe("the members example", () => {
  let running: Run;
  let url: string;
  let store: Store;
  recordLog();

  before(async () => {
    running = await run({ folder, stack: "dev", port: 0 });
    url = String(running.outputs.url);
    const tableName = String(running.outputs.tableName);
    const dynamodb = new DynamoDBClient(connection(running.dynamodb));
    const options = { tableName, cookieName: "cookie-test", idleSeconds: 1800, absoluteSeconds: 43200 };
    store = { sessions: createSessions<Data>({ ...options, dynamodb }), dynamodb, tableName };
  });

  after(() => running.close());

  type Browser = ReturnType<typeof createBrowser>;
  const post = (browser: Browser, path: string, form = {}, headers = {}) =>
    browser.visit(path, "POST", { body: new URLSearchParams(form), headers });
  const idOf = ({ jar }: Browser) => jar.get("cookie-test") ?? "";
  const items = async () => {
    const { Items = [] } = await store.dynamodb.send(new ScanCommand({ TableName: store.tableName }));
    return new Map(Items.map((item) => [item["session-id"]?.S, item]));
  };
  const browserWith = (id: string) => {
    const browser = createBrowser(url);
    browser.jar.set("cookie-test", id);
    return browser;
  };
  /** A browser with something in the cart, and possibly logged in. */
  async function visitor(user?: string) {
    const browser = createBrowser(url);
    await post(browser, "cart", { item: "tea" });
    if (user) await post(browser, "login", { user });
    return browser;
  }

  it("has a README that says which lines index.ts lacks if they have been changed", () => {
    assert.throws(applyReadme, /index.ts should have these lines once:\nimport type/);
  });

  it("keeps a theme and a cart, whatever its items are called", async () => {
    const browser = await visitor();
    for (const item of ["created-at", "__proto__", "<b>&\"'", "Käse", "tea"])
      await post(browser, "cart", { item });
    await post(browser, "theme", { theme: "dark" });
    await post(browser, "cart", { item: "Käse", action: "remove" });
    const { body } = await browser.visit();
    assert.match(body, /data-theme="dark"/);
    assert.deepEqual(
      [...body.matchAll(/<span>(.*?)<\/span> × (\d+)/g)].map(([, name, count]) => `${count} ${name}`).sort(),
      ["1 &#60;b&#62;&#38;&#34;&#39;", "1 __proto__", "1 created-at", "2 tea"],
    );
    await post(browser, "theme", { theme: "system" });
    assert.match((await browser.visit()).body, /data-theme="system"/);
  });

  it("refuses items without a name, and more than a cart can hold", async () => {
    const full = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`cart/${i}`, 1]));
    const { id } = await store.sessions.open([], { set: full });
    const browser = browserWith(id);
    for (const item of ["", " ", "x".repeat(41), "another"])
      assert.equal((await post(browser, "cart", { item })).status, 400);
    assert.equal((await post(browser, "cart", { item: "7" })).status, 303);
    assert.deepEqual((await store.sessions.find(`cookie-test=${id}`))?.data, { ...full, "cart/7": 2 });
  });

  it("has a content security policy that allows the pages' style and nothing inline", async () => {
    const browser = await visitor("alice");
    for (const { headers, body } of [await browser.visit(), await post(browser, "login")]) {
      const hash = createHash("sha256").update(/<style>(.*?)<\/style>/s.exec(body)?.[1] ?? "");
      const policy = `default-src 'none'; style-src 'sha256-${hash.digest("base64")}'; form-action 'self';`;
      assert.ok(headers.get("content-security-policy")?.startsWith(policy));
      assert.doesNotMatch(body, /<script|\bstyle=|\bon\w+=|javascript:|https?:/);
    }
  });

  it("starts no session for strangers who only read, nor for bots", async () => {
    const before = (await items()).size;
    const stranger = createBrowser(url);
    await stranger.visit();
    assert.equal((await stranger.visit("me")).status, 401);
    const bot = { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" };
    for (const path of ["cart", "theme", "login"])
      assert.equal((await post(stranger, path, { item: "tea", user: "bot" }, bot)).status, 403);
    for (const path of ["logout", "logout-everywhere"]) await post(stranger, path);
    assert.deepEqual([idOf(stranger), (await items()).size], ["", before]);
  });

  it("accepts changes from its own pages only, and sets no cookie otherwise", async () => {
    const alice = await visitor("alice");
    const form = { user: "mallory", item: "x", theme: "dark" };
    // Older browsers send only an origin. It is "null" for sandboxed frames.
    const origin = new URL(url).origin;
    const foreign = ["null", "https://attacker.example"].map((origin) => ({ origin }));
    const sites = ["cross-site", "same-site"].map((site) => ({ "sec-fetch-site": site, origin }));
    for (const headers of [...sites, ...foreign]) {
      for (const path of ["login", "logout", "logout-everywhere", "cart", "theme"]) {
        for (const browser of [alice, createBrowser(url)]) {
          const refused = await post(browser, path, form, headers);
          assert.deepEqual([refused.status, refused.headers.get("set-cookie")], [403, null]);
        }
      }
    }
    assert.match((await alice.visit("me")).body, /"alice"/);
    for (const headers of [{ "sec-fetch-site": "same-origin" }, { "sec-fetch-site": "none" }, { origin }])
      assert.equal((await post(alice, "theme", form, headers)).status, 303);
  });

  it("has one live session and loses nothing, in 64 parallel requests across a login and a logout", async () => {
    const browser = await visitor();
    const old = idOf(browser);
    const add = async (id: string, item: string) => {
      const { status } = await post(browserWith(id), "cart", { item });
      return { item, status };
    };
    const parallel = Array.from({ length: 32 }, (_, i) => add(old, `a${i}`));
    const [during] = await Promise.all([Promise.all(parallel), post(browser, "login", { user: "alice" })]);
    const renewed = idOf(browser);
    const kept = (await items()).get(renewed) ?? {};
    for (const { item, status } of during)
      assert.ok(status === 303 ? `cart/${item}` in kept : status === 409, `${item}: ${status}`);
    assert.equal((await add(old, "late")).status, 409);

    const more = Array.from({ length: 32 }, (_, i) => add(renewed, `b${i}`));
    const [, { headers }] = await Promise.all([Promise.all(more), post(browser, "logout")]);
    assert.equal(headers.get("location"), "/?ended=1");
    for (const id of [old, renewed]) assert.equal((await items()).get(id)?.["created-at"], undefined);
  });

  it("gives nothing to whoever planted the id with which a visitor logs in", async () => {
    const attacker = await visitor();
    const victim = browserWith(idOf(attacker));
    await post(victim, "login", { user: "victim" });
    await victim.visit();
    const { status, body, headers } = await attacker.visit();
    assert.deepEqual([status, headers.get("set-cookie"), body.includes("Please reload")], [409, null, true]);
    assert.equal((await post(attacker, "login", { user: "attacker" })).status, 409);
    assert.match((await victim.visit("me")).body, /"victim"/);
  });

  it("starts empty for another user, and keeps the cart for the same one", async () => {
    const browser = await visitor("alice");
    await post(browser, "login", { user: "alice" });
    assert.match((await browser.visit()).body, /alice.*<span>tea/s);
    await post(browser, "login", { user: "bob" });
    assert.match((await browser.visit()).body, /bob.*<ul><\/ul>/s);
  });

  it("says what a logout has done", async () => {
    const browser = await visitor("alice");
    const bye = async () => {
      const { headers } = await post(browser, "logout");
      return /role="status">(.*?)</.exec((await browser.visit(headers.get("location") ?? "")).body)?.[1];
    };
    assert.equal(await bye(), "You are logged out.");
    assert.equal(await bye(), "You weren’t logged in, so no session has ended.");
  });

  it("ends all sessions of a user at once, and continues where it ran out of time", async () => {
    // Carol's are more than one page of the index.
    await Promise.all(Array.from({ length: 60 }, () => store.sessions.open([], { set: { user: "carol" } })));
    const [carol, dave] = [await visitor("carol"), await visitor("dave")];
    const first = await endSessionsOf("carol", idOf(carol), store, 0);
    assert.ok(first.hasMore && first.ended >= 49, `${first.ended} ended`);
    let response = await post(carol, "logout-everywhere");
    // What a browser does by itself, if the function has run out of time, too.
    while (response.status === 307) response = await post(carol, response.headers.get("location") ?? "");
    assert.equal(response.headers.get("location"), `/?ended=${61 - first.ended}&from=everywhere`);
    assert.deepEqual(await endSessionsOf("carol", "", store), { ended: 0, hasMore: false });
    assert.deepEqual([(await carol.visit("me")).status, (await dave.visit("me")).status], [401, 200]);
  });
});
