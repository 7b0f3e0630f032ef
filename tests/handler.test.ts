import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { createHandler } from "../handler";
import { plainTokens, secretTokens } from "../sessions/tokens";
import { readPage } from "./support/browser";
import { recordLog } from "./support/log";
import { useTable } from "./support/table";

const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  "content-type": "text/plain; charset=utf-8",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=63072000",
  "x-content-type-options": "nosniff",
};

describe("the handler", () => {
  const table = useTable();
  const logged = recordLog();
  const env = {
    TABLE_NAME: table.name,
    COOKIE_NAME: "cookie-test",
    SECRET_IDS: "false",
    IDLE_SECONDS: "60",
    ABSOLUTE_SECONDS: "600",
  };
  let calls = 0;
  const dynamodb = {
    send(command: never) {
      calls += 1;
      return table.dynamodb.send(command);
    },
  } as unknown as DynamoDBClient;
  const event = (cookies?: string[]) => ({ routeKey: "GET /", cookies }) as APIGatewayProxyEventV2;

  for (const [kind, tokens] of Object.entries({ plain: plainTokens, secret: secretTokens }))
    describe(`with ${kind} ids`, () => {
      const handler = createHandler({ ...env, SECRET_IDS: `${kind === "secret"}` }, { dynamodb });
      const visit = async (...cookies: string[]) => {
        calls = 0;
        const response = await handler(event(cookies));
        const [, token = ""] = /^cookie-test=([^;]+); /.exec(response.cookies?.[0] ?? "") ?? [];
        return { ...response, ...readPage(response.body), token };
      };

      it("starts a session for a visitor without cookies, with a text that must not be cached or sniffed", async () => {
        const { id, token, counter, ...response } = await visit();
        assert.deepEqual(response, {
          statusCode: 200,
          headers,
          cookies: [`cookie-test=${token}; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax`],
          body: `session-id: ${id}, counter: 1`,
        });
        assert.ok(tokens.accepts(token));
        assert.equal(tokens.idOf(token), id);
        const item = await table.item(id);
        assert.equal(item?.counter?.N, "1");
        // The page has the id alone: see above.
        if (kind === "secret") assert.ok(!JSON.stringify([item, logged]).includes(token));
      });

      it("recognizes a visitor by the cookie, with one call", async () => {
        const { id, token } = await visit();
        assert.equal((await visit(`cookie-test=${token}`)).body, `session-id: ${id}, counter: 2`);
        assert.equal((await visit("a=b", `cookie-test=${token}`, "c=d")).counter, 3);
        assert.equal(calls, 1);
      });

      // By what the cookie contains.
      const malformed: Record<string, (live: string) => string> = {
        "a live token in quotes": (live) => `"${live}"`,
        "a live token with a prefix": (live) => `x${live}`,
        "a live token with a suffix": (live) => `${live}x`,
        "a percent-encoded live token": (live) => `%${live.charCodeAt(0).toString(16)}${live.slice(1)}`,
        "a token of the other kind": () => (tokens === plainTokens ? secretTokens : plainTokens).issue(),
        "the hash of a live token": (live) => secretTokens.idOf(live),
        "a UUID with another variant": () => "0b8e4e5e-6c1f-4d6a-cf0e-2d1c3b4a5968",
      };
      for (const [what, make] of Object.entries(malformed)) {
        it(`starts a session for a cookie with ${what}, without looking it up`, async () => {
          const live = await visit();
          const { statusCode, id, counter } = await visit(`cookie-test=${make(live.token)}`);
          assert.deepEqual([statusCode, counter, calls], [200, 1, 1]);
          assert.notEqual(id, live.id);
        });
      }
    });

  it("returns 503 without a cookie when DynamoDB fails", async () => {
    const broken = createHandler({ ...env, TABLE_NAME: "no-such-table" }, { dynamodb });
    assert.deepEqual(await broken(event([`cookie-test=${randomUUID()}`])), {
      statusCode: 503,
      headers: { ...headers, "retry-after": "5" },
      body: "Your session is not available right now. Please try again.",
    });
  });

  it("leaves a bug to Lambda, which logs it and returns 500", async () => {
    const broken = {
      send: () => Promise.reject(Object.assign(new Error("bad"), { name: "ValidationException" })),
    };
    const handler = createHandler(env, { dynamodb: broken as unknown as DynamoDBClient });
    await assert.rejects(handler(event()), { message: "bad" });
  });

  describe("at a cold start", () => {
    it("connects to the table with one call, which changes nothing", async () => {
      calls = 0;
      await createHandler(env, { dynamodb }).init();
      assert.equal(calls, 1);
      assert.equal(await table.item("init"), undefined);
      assert.deepEqual(logged, []);
    });

    it("starts even if DynamoDB fails", async () => {
      await createHandler({ ...env, TABLE_NAME: "no-such-table" }, { dynamodb }).init();
      assert.equal((logged[0] as { message: string }).message, "the session store failed");
    });

    for (const name of ["TABLE_NAME", "COOKIE_NAME", "IDLE_SECONDS", "ABSOLUTE_SECONDS"]) {
      it(`refuses to start without ${name}`, () => {
        assert.throws(() => createHandler({ ...env, [name]: undefined }), { message: `${name} is not set` });
      });
    }
  });
});
