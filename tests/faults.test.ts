import { strict as assert } from "node:assert";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { createHandler } from "../handler";
import { createSessions } from "../sessions";
import { readPage } from "./support/browser";
import { type Fault, type FaultProxy, startFaultProxy } from "./support/faultproxy";
import { recordLog } from "./support/log";
import { cookieOf, type Data } from "./support/sessions";
import { useTable } from "./support/table";

// The handler with its own DynamoDB client, which talks to a proxy that injects faults.
describe("the handler, when DynamoDB fails,", () => {
  const table = useTable();
  let proxy: FaultProxy;
  let handler: ReturnType<typeof createHandler>;
  const logged = recordLog();
  const { env } = process;

  before(async () => {
    proxy = await startFaultProxy(table.endpoint);
    process.env = {
      ...env,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint,
      TABLE_NAME: table.name,
      COOKIE_NAME: "cookie-test",
      IDLE_SECONDS: "60",
      ABSOLUTE_SECONDS: "600",
    };
    handler = createHandler();
  });
  beforeEach(() => {
    proxy.nextFault = () => undefined;
  });
  after(() => {
    process.env = env;
    proxy.close();
  });

  /** Injects one fault into each of the next requests. */
  const failNext = (...faults: (Fault | undefined)[]) => {
    proxy.nextFault = () => faults.shift();
  };

  /** The cookie of each session, by id. */
  const cookies = new Map<string, string>();

  async function visit(id?: string) {
    const sent = id ? [cookies.get(id)] : undefined;
    const response = await handler({ routeKey: "GET /", cookies: sent } as APIGatewayProxyEventV2);
    const page = readPage(response.body);
    if (page.id) cookies.set(page.id, response.cookies?.[0]?.split(";")[0] ?? "");
    return { ...response, ...page };
  }
  const stored = async (id: string) => Number((await table.item(id))?.counter?.N);

  const faults: Record<string, Fault> = {
    "loses the response": "lose the response",
    "counts the visit but returns 500": "fail afterwards",
    "responds too late": { delay: 1500 },
    "stalls halfway through the response": "stall",
    "resets the connection": "reset",
    "returns 500": "server error",
    "returns 503": "unavailable",
    "throttles one request": "throttle",
  };
  for (const [what, fault] of Object.entries(faults)) {
    it(`starts a session once and counts two visits once when it ${what}`, async () => {
      failNext(fault);
      const first = await visit();
      assert.equal(first.counter, 1);
      assert.equal(await stored(first.id), 1);

      const before = proxy.requests;
      failNext(fault);
      const visits = await Promise.all([visit(first.id), visit(first.id)]);
      assert.deepEqual(visits.map(({ counter }) => counter).sort(), [2, 3]);
      assert.equal(await stored(first.id), 3);
      assert.equal(proxy.requests - before, 3);
    });
  }

  it("loses none of 64 parallel changes when a third of the responses are lost, and applies each once", async () => {
    const sessions = createSessions<Data>({
      tableName: table.name,
      cookieName: "sid",
      idleSeconds: 60,
      absoluteSeconds: 600,
    });
    const cookie = cookieOf(await sessions.open([], { add: { counter: 1 } }));
    let requests = 0;
    proxy.nextFault = () => (requests++ % 3 === 0 ? "lose the response" : undefined);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 64 }, async (_, i) => {
        const found = await sessions.find(cookie, {
          set: { [`cart/${i}`]: i },
          add: { counter: 1, log: [`${i}`], tags: new Set([`${i}`]) },
        });
        return { i, counter: (found?.data.counter ?? 0) - (found?.laterChanges ?? 0) };
      }),
    );
    proxy.nextFault = () => undefined;
    const answered = outcomes.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    assert.equal(new Set(answered.map(({ counter }) => counter)).size, answered.length);
    const { counter, log = [], tags, ...carts } = (await sessions.find(cookie))?.data ?? {};
    assert.ok(answered.every(({ i }) => log.includes(`${i}`)));
    // A change that got a 503 after three lost responses has been applied, too: as a whole, and once.
    assert.deepEqual([counter, new Set(log), tags?.size], [log.length + 1, tags, log.length]);
    assert.deepEqual(Object.keys(carts).sort(), log.map((i) => `cart/${i}`).sort());
  });

  const outages: Record<string, Fault> = {
    "resets every connection": "reset",
    "always returns 500": "server error",
    "always throttles": "throttle",
    "denies access": "deny access",
    "never responds": "hang",
    "loses every response": "lose the response",
  };
  for (const [what, fault] of Object.entries(outages)) {
    it(`returns 503 before Lambda times out and keeps the visitor's session when it ${what}`, async () => {
      const { id } = await visit();
      const size = await table.size();
      logged.length = 0;
      proxy.nextFault = () => fault;

      const start = Date.now();
      const response = await visit(id);
      // The function's timeout in index.ts.
      assert.ok(Date.now() - start < 10_000);
      assert.equal(response.statusCode, 503);
      assert.equal(response.headers?.["retry-after"], "5");
      assert.equal(response.cookies, undefined);
      assert.equal(logged.length, 1);
      assert.ok(!JSON.stringify(logged).includes(id));

      proxy.nextFault = () => undefined;
      const counted = fault === "lose the response" ? 2 : 1;
      assert.equal((await visit(id)).counter, counted + 1);
      assert.equal(await table.size(), size);
    });
  }

  it("makes no more than three attempts", async () => {
    proxy.nextFault = () => "reset";
    const before = proxy.requests;
    assert.equal((await visit()).statusCode, 503);
    assert.equal(proxy.requests - before, 3);
  });
});
