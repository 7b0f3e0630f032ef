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

  const faults = [
    "lose the response",
    "fail afterwards",
    "respond late",
    "stall",
    "reset",
    "throttle",
  ] as const;
  for (const fault of faults) {
    it(`starts a session once and counts two visits once: ${fault}`, async () => {
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

  const outages = ["throttle", "deny access", "hang", "lose the response"] as const;
  for (const fault of outages) {
    it(`returns 503 before Lambda times out and keeps the visitor's session, always: ${fault}`, async () => {
      const { id } = await visit();
      logged.length = 0;
      proxy.nextFault = () => fault;

      const [start, before] = [Date.now(), proxy.requests];
      assert.equal((await visit(id)).statusCode, 503);
      // The function's timeout in index.ts.
      assert.ok(Date.now() - start < 10_000);
      assert.equal(proxy.requests - before, fault === "deny access" ? 1 : 3);
      assert.equal(logged.length, 1);
      assert.ok(!JSON.stringify(logged).includes(id));

      proxy.nextFault = () => undefined;
      const counted = fault === "lose the response" ? 2 : 1;
      assert.equal((await visit(id)).counter, counted + 1);
    });
  }
});
