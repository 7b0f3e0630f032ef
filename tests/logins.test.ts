import { strict as assert } from "node:assert";
import { DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import { type EmbeddedDynamoDB, type Run, run, startDynamoDB } from "pulumi-aws-local";
import { createBrowser, readPage } from "./support/browser";
import { type Fault, type FaultProxy, startFaultProxy } from "./support/faultproxy";
import { copyProject } from "./support/project";
import { applyRecipe } from "./support/recipes";
import { connection } from "./support/table";

type Browser = ReturnType<typeof createBrowser>;

// The login and logout recipes over HTTP, with faults in DynamoDB and with concurrent requests.
describe("logging in and out", () => {
  let embedded: EmbeddedDynamoDB;
  let proxy: FaultProxy;
  let running: Run;
  let client: DynamoDBClient;

  before(async function () {
    const folder = copyProject();
    const recipes = ["Log in", "Log out", "Log out everywhere"];
    // A project that already contains these recipes has its own routes and tests.
    if (!recipes.every((recipe) => applyRecipe(recipe, folder))) return this.skip();
    embedded = await startDynamoDB();
    client = new DynamoDBClient(connection(embedded.endpoint));
    proxy = await startFaultProxy(embedded.endpoint);
    running = await run({ folder, stack: "dev", port: 0, dynamodb: proxy.endpoint });
  });
  afterEach(() => {
    if (proxy) proxy.nextFault = () => undefined;
  });
  after(async () => {
    await running?.close();
    proxy?.close();
    client?.destroy();
    await embedded?.close();
  });

  const browse = () => createBrowser(running.endpoints[0] ?? "");
  const logIn = (browser: Browser, user: string) =>
    browser.visit("/login", "POST", { body: new URLSearchParams({ user }) });

  /** The counters of a user's live sessions. */
  async function liveSessions(user: string) {
    const counters: number[] = [];
    const TableName = String(running.outputs.tableName);
    for await (const { Items = [] } of paginateScan({ client }, { TableName }))
      for (const item of Items)
        if (item["created-at"] && item.user?.S === user) counters.push(Number(item.counter?.N));
    return counters;
  }

  for (const fault of ["lose the response", "fail afterwards", "reset", "throttle"] satisfies Fault[]) {
    it(`counts and ends each session once despite a fault in any one call: ${fault}`, async () => {
      // A visit, the three calls of a login, a visit, a logout.
      for (let faulty = 1; faulty <= 6; faulty++) {
        let calls = 0;
        proxy.nextFault = () => (++calls === faulty ? fault : undefined);
        const user = `${fault.replaceAll(" ", "-")}-${faulty}`;
        const browser = browse();
        assert.equal(readPage((await browser.visit()).body).counter, 1);
        assert.equal(readPage((await logIn(browser, user)).body).counter, 2);
        assert.equal(readPage((await browser.visit()).body).counter, 3);
        assert.deepEqual(await liveSessions(user), [3]);
        assert.equal((await browser.visit("/logout", "POST")).status, 200);
        assert.deepEqual(await liveSessions(user), []);
        assert.ok(calls > faulty, "no call failed");
      }
    });
  }

  it("ends all of a user's sessions when they log out everywhere while logging in elsewhere", async () => {
    for (let round = 0; round < 5; round++) {
      const user = `racer-${round}`;
      const mine = browse();
      await logIn(mine, user);
      const others = Array.from({ length: 8 }, browse);
      const logins = others.map((browser) => logIn(browser, user));
      const logout = mine.visit("/logout-everywhere", "POST");
      assert.equal((await logout).status, 200);
      for (const { status, body } of await Promise.all(logins)) {
        // A login whose session ended before it started is rejected; the user can try again.
        assert.ok(status === 200 || status === 503, `${status} ${body}`);
      }
      // A later login is on the user's list, so the next logout ends it, too.
      const last = browse();
      await logIn(last, user);
      await last.visit("/logout-everywhere", "POST");
      assert.deepEqual(await liveSessions(user), []);
      for (const browser of others) assert.equal(readPage((await browser.visit()).body).counter, 1);
    }
  });

  it("allows a user any number of parallel sessions", async () => {
    const browsers = Array.from({ length: 5 }, browse);
    for (const browser of browsers) await logIn(browser, "parallel");
    assert.equal((await liveSessions("parallel")).length, 5);
    for (const browser of browsers) assert.equal(readPage((await browser.visit()).body).counter, 2);
  });
});
