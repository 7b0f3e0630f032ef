import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { DynamoDBClient, GetItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { type Run, run } from "pulumi-aws-local";
import { applyReadme } from "../examples/members/apply";
import { endSessionsOf, type Store } from "../examples/members/everywhere";
import type { Data } from "../examples/members/handler";
import { createSessions } from "../sessions";
import { createBrowser } from "./support/browser";
import { recordLog } from "./support/log";
import { copyProject } from "./support/project";
import { connection } from "./support/table";

const folder = copyProject();
applyReadme(folder);

describe("the members example", () => {
  let running: Run;
  let url: string;
  let dynamodb: DynamoDBClient;
  let tableName: string;
  let sessions: Store["sessions"];
  recordLog();

  before(async () => {
    running = await run({ folder, stack: "dev", port: 0 });
    url = String(running.outputs.url);
    tableName = String(running.outputs.tableName);
    dynamodb = new DynamoDBClient(connection(running.dynamodb));
    const limits = { idleSeconds: 1800, absoluteSeconds: 43200 };
    sessions = createSessions<Data>({ tableName, cookieName: "cookie-test", dynamodb, ...limits });
  });

  after(async () => {
    dynamodb.destroy();
    await running.close();
  });

  type Browser = ReturnType<typeof createBrowser>;
  const post = (browser: Browser, path: string, form = {}, headers = {}) =>
    browser.visit(path, "POST", { body: new URLSearchParams(form), headers });
  const idOf = ({ jar }: Browser) => jar.get("cookie-test") ?? "";
  const size = async () => {
    const scan = new ScanCommand({ TableName: tableName, Select: "COUNT" });
    return (await dynamodb.send(scan)).Count;
  };
  const itemOf = async (id: string) => {
    const command = new GetItemCommand({ TableName: tableName, Key: { "session-id": { S: id } } });
    return (await dynamodb.send(command)).Item ?? {};
  };

  /** A browser with a session, and possibly a user. */
  async function visitor(user?: string) {
    const browser = createBrowser(url);
    assert.equal((await post(browser, "cart", { item: "tea" })).status, 303);
    if (user) assert.equal((await post(browser, "login", { user })).status, 303);
    return browser;
  }

  it("keeps a theme and a cart, whatever its items are called", async () => {
    const browser = await visitor();
    const names = ["created-at", "__proto__", "<b>&\"'", "Käse", "tea"];
    for (const item of names) await post(browser, "cart", { item });
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
    const { id } = await sessions.open([], { set: full });
    const browser = createBrowser(url);
    browser.jar.set("cookie-test", id);
    for (const item of ["", " ", "x".repeat(41), "another"])
      assert.equal((await post(browser, "cart", { item })).status, 400);
    assert.equal((await post(browser, "cart", { item: "7" })).status, 303);
    assert.deepEqual((await sessions.find(`cookie-test=${id}`))?.data, { ...full, "cart/7": 2 });
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
    const before = await size();
    const stranger = createBrowser(url);
    await stranger.visit();
    const { status, headers, body } = await stranger.visit("me");
    assert.deepEqual(
      [status, headers.get("content-type"), body],
      [401, "application/json", '{"message":"Please log in."}'],
    );
    const bot = { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" };
    for (const path of ["cart", "theme", "login"])
      assert.equal((await post(stranger, path, { item: "tea", user: "bot" }, bot)).status, 403);
    await post(stranger, "logout");
    await post(stranger, "logout-everywhere");
    assert.equal(idOf(stranger), "");
    assert.equal(await size(), before);
  });

  it("tells members who they are, without a write", async () => {
    const alice = await visitor("alice");
    await alice.visit();
    const before = await itemOf(idOf(alice));
    const { status, body } = await alice.visit("me");
    assert.deepEqual([status, JSON.parse(body)], [200, { user: "alice" }]);
    assert.deepEqual(await itemOf(idOf(alice)), before);
  });

  for (const [what, headers] of Object.entries({
    "another site": { "sec-fetch-site": "cross-site" },
    "a sibling domain": { "sec-fetch-site": "same-site" },
    "another site, in an older browser": { origin: "https://attacker.example" },
    "a sandboxed frame, in an older browser": { origin: "null" },
  })) {
    it(`refuses every change that comes from ${what}, and sets no cookie`, async () => {
      const alice = await visitor("alice");
      for (const path of ["login", "logout", "logout-everywhere", "cart", "theme"]) {
        for (const browser of [alice, createBrowser(url)]) {
          const response = await post(browser, path, { user: "mallory", item: "x", theme: "dark" }, headers);
          assert.deepEqual([response.status, response.headers.get("set-cookie")], [403, null]);
        }
      }
      assert.match((await alice.visit("me")).body, /"alice"/);
    });
  }

  it("accepts its own forms, from browsers of every age", async () => {
    const { origin } = new URL(url);
    for (const headers of [
      { "sec-fetch-site": "same-origin", origin },
      { "sec-fetch-site": "none" },
      { origin },
    ])
      assert.equal((await post(createBrowser(url), "login", { user: "alice" }, headers)).status, 303);
  });

  it("has one live session and loses nothing, in 64 parallel requests across a login and a logout", async () => {
    const browser = await visitor();
    const old = idOf(browser);
    const add = async (cookie: string, item: string) => {
      const other = createBrowser(url);
      other.jar.set("cookie-test", cookie);
      return { item, status: (await post(other, "cart", { item })).status, id: idOf(other) };
    };
    const parallel = Array.from({ length: 32 }, (_, i) => add(old, `a${i}`));
    const [during] = await Promise.all([Promise.all(parallel), post(browser, "login", { user: "alice" })]);
    const renewed = idOf(browser);
    const kept = Object.keys(await itemOf(renewed));
    for (const { item, status, id } of during) {
      assert.ok(status === 409 || (status === 303 && kept.includes(`cart/${item}`)), `${item}: ${status}`);
      assert.equal(id, old);
    }
    assert.equal((await add(old, "late")).status, 409);

    const more = Array.from({ length: 32 }, (_, i) => add(renewed, `b${i}`));
    const [, { headers }] = await Promise.all([Promise.all(more), post(browser, "logout")]);
    assert.equal(headers.get("location"), "/?ended=1");
    for (const id of [old, renewed]) assert.equal((await itemOf(id))["created-at"], undefined);
  });

  it("gives nothing to whoever planted the id with which a visitor logs in", async () => {
    const attacker = await visitor();
    const victim = createBrowser(url);
    victim.jar.set("cookie-test", idOf(attacker));
    await post(victim, "login", { user: "victim" });
    await victim.visit();
    const { status, body, headers } = await attacker.visit();
    assert.deepEqual([status, headers.get("set-cookie")], [409, null]);
    assert.match(body, /Please reload the page/);
    assert.equal((await post(attacker, "login", { user: "attacker" })).status, 409);
    assert.match((await victim.visit("me")).body, /"victim"/);
  });

  it("logs in once on a double click", async () => {
    const browser = await visitor();
    const clicks = await Promise.all([1, 2].map(() => post(browser, "login", { user: "alice" })));
    assert.ok(clicks.some(({ status }) => status === 303));
    assert.match((await browser.visit()).body, /alice/);
    assert.match((await browser.visit()).body, /<span>tea<\/span> × 1/);
  });

  it("starts empty for another user, and keeps the cart for the same one", async () => {
    const browser = await visitor("alice");
    await post(browser, "login", { user: "alice" });
    assert.match((await browser.visit()).body, /<span>tea/);
    await post(browser, "login", { user: "bob" });
    assert.match((await browser.visit()).body, /bob/);
    assert.doesNotMatch((await browser.visit()).body, /<span>tea/);
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
    const open = (user: string) => sessions.open([], { set: { user } });
    await Promise.all(Array.from({ length: 200 }, () => open("carol")));
    const [carol, dave] = [await visitor("carol"), await visitor("dave")];
    const first = await endSessionsOf("carol", idOf(carol), { sessions, dynamodb, tableName }, 0);
    assert.ok(first.hasMore && first.ended > 40, `${first.ended} ended`);
    const { headers } = await post(carol, "logout-everywhere");
    assert.equal(headers.get("location"), `/?ended=${201 - first.ended}&from=everywhere`);
    assert.deepEqual(await endSessionsOf("carol", "", { sessions, dynamodb, tableName }), {
      ended: 0,
      hasMore: false,
    });
    assert.equal((await carol.visit("me")).status, 401);
    assert.equal((await dave.visit("me")).status, 200);
  });
});
