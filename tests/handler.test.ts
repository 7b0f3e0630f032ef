import { strict as assert } from "node:assert";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { createHandler } from "../handler";
import { secrets, uuids } from "../tokens";
import { readPage } from "./support/browser";
import { fakeContext } from "./support/context";
import { startFaultProxy } from "./support/faultproxy";
import { recordLog } from "./support/log";
import { connection, useTable } from "./support/table";

for (const [form, tokens] of Object.entries({ uuid: uuids, secret: secrets }))
  describe(`the handler with ${form} ids`, () => {
    const table = useTable();
    let env: NodeJS.ProcessEnv;
    let handler: ReturnType<typeof createHandler>;

    const logged = recordLog();

    before(() => {
      env = {
        TABLE_NAME: table.name,
        COOKIE_NAME: "cookie-test",
        IDLE_SECONDS: "60",
        ABSOLUTE_SECONDS: "600",
        ID_FORM: form,
      };
      handler = createHandler({ env, dynamodb: table.dynamodb });
    });

    const visit = (cookies?: string[]) => handler({ cookies } as APIGatewayProxyEventV2, fakeContext());
    const tokenIn = (cookies?: string[]) => /^[^=]+=([^;]+); /.exec(cookies?.[0] ?? "")?.[1] ?? "";
    const start = async () => {
      const { body, cookies } = await visit();
      return { id: readPage(body).id, token: tokenIn(cookies) };
    };

    it("starts a session for a visitor without cookies", async () => {
      const { statusCode, body, cookies } = await visit();
      const { id, counter } = readPage(body);
      assert.equal(statusCode, 200);
      assert.equal(counter, 1);
      assert.ok(tokens.accepts(tokenIn(cookies)));
      assert.equal(tokens.idOf(tokenIn(cookies)), id);
      assert.equal((await table.item(id ?? ""))?.counter?.N, "1");
    });

    it("logs that a session is new, but not its id", async () => {
      const { token } = await start();
      await visit([`cookie-test=${token}`]);
      assert.deepEqual(logged, ["new session"]);
    });

    it("recognizes a visitor by the cookie", async () => {
      const { id, token } = await start();
      assert.equal((await visit([`cookie-test=${token}`])).body, `session-id: ${id}, counter: 2`);
      assert.deepEqual(readPage((await visit(["a=b", `cookie-test=${token}`, "c=d"])).body), {
        id,
        counter: 3,
      });
    });

    it("sets a cookie that is hidden from scripts, needs HTTPS, and isn't sent with requests from other sites", async () => {
      const { cookies } = await visit();
      assert.deepEqual(cookies, [
        `cookie-test=${tokenIn(cookies)}; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax`,
      ]);
    });

    it("sets a cookie that expires with the session", async () => {
      let now = Date.now();
      const withClock = createHandler({ env, dynamodb: table.dynamodb, now: () => now });
      const { body, cookies } = await withClock({} as APIGatewayProxyEventV2, fakeContext());
      const { id } = readPage(body);
      const event = { cookies: [`cookie-test=${tokenIn(cookies)}`] } as APIGatewayProxyEventV2;
      for (let i = 0; i < 11; i++) {
        now += 50_000;
        const { cookies } = await withClock(event, fakeContext());
        assert.match(cookies?.[0] ?? "", i < 10 ? /Max-Age=60;/ : /Max-Age=50;/);
      }
      now += 50_000;
      assert.notEqual(readPage((await withClock(event, fakeContext())).body).id, id);
    });

    it("returns plain text that must not be cached or sniffed", async () => {
      const { headers } = await visit();
      assert.deepEqual(headers, {
        "cache-control": "no-store",
        "content-security-policy":
          "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        "content-type": "text/plain; charset=utf-8",
        "referrer-policy": "no-referrer",
        "strict-transport-security": "max-age=63072000",
        "x-content-type-options": "nosniff",
      });
    });

    it("uses the configured cookie name", async () => {
      const renamed = createHandler({ env: { ...env, COOKIE_NAME: "__Host-sid" }, dynamodb: table.dynamodb });
      const { body, cookies } = await renamed({} as APIGatewayProxyEventV2, fakeContext());
      assert.ok(cookies?.[0]?.startsWith("__Host-sid="));
      assert.equal(tokens.idOf(tokenIn(cookies)), readPage(body).id);
    });

    const unknown = tokens.issue();

    /** A handler that counts its calls to DynamoDB. */
    function createCountingHandler() {
      const calls = { made: 0 };
      const send = (command: never) => {
        calls.made += 1;
        return table.dynamodb.send(command);
      };
      const counted = createHandler({ env, dynamodb: { send } as unknown as DynamoDBClient });
      return {
        calls,
        visit: (cookie: string) => counted({ cookies: [cookie] } as APIGatewayProxyEventV2, fakeContext()),
      };
    }

    // By what the cookie contains.
    const malformed: Record<string, (live: string) => string> = {
      "an empty value": () => "",
      "a live token, reversed and truncated": (live) => [...live].reverse().join("").slice(1),
      "a live token in quotes": (live) => `"${live}"`,
      "a live token with a prefix": (live) => `x${live}`,
      "a live token with a suffix": (live) => `${live}x`,
      "a percent-encoded live token": (live) => `%${live.charCodeAt(0).toString(16)}${live.slice(1)}`,
      "a token of the other form": () => (tokens === uuids ? secrets : uuids).issue(),
      "the hash of a live token": (live) => secrets.idOf(live),
      "a UUID with another version": () => "0b8e4e5e-6c1f-1d6a-9f0e-2d1c3b4a5968",
      "a UUID with another variant": () => "0b8e4e5e-6c1f-4d6a-cf0e-2d1c3b4a5968",
      "an invalid percent-encoding": () => "%E0%A4%A",
      "8 KB": () => "x".repeat(8192),
      "binary data": () => "\u0000\u0001\u00ff",
      JSON: () => '{"session-id":{"S":"x"}}',
      "a property name of the prototype": () => "__proto__",
    };
    for (const [what, make] of Object.entries(malformed)) {
      it(`starts a session for a cookie with ${what}, without looking it up`, async () => {
        const { id: live, token } = await start();
        const counting = createCountingHandler();
        const { statusCode, body } = await counting.visit(`cookie-test=${make(token)}`);
        const { id, counter } = readPage(body);
        assert.deepEqual([statusCode, counter], [200, 1]);
        assert.notEqual(id, live);
        assert.equal(counting.calls.made, 1);
      });
    }

    it("starts a session for a cookie with an unknown id, with two calls", async () => {
      const counting = createCountingHandler();
      const { id, counter } = readPage((await counting.visit(`cookie-test=${unknown}`)).body);
      assert.equal(counter, 1);
      assert.notEqual(id, tokens.idOf(unknown));
      assert.equal(await table.item(tokens.idOf(unknown)), undefined);
      assert.equal(counting.calls.made, 2);
    });

    it("starts a session for a cookie without a value or with another name", async () => {
      for (const cookie of ["cookie-test", "Cookie-Test=1", `xcookie-test=${unknown}`, "=", ";"]) {
        assert.equal(readPage((await visit([cookie])).body).counter, 1);
      }
    });

    it("uses the first of several cookies that is well-formed", async () => {
      const { id, token } = await start();
      const cookies = ["cookie-test=forged", `cookie-test=${token}`, `cookie-test=${unknown}`];
      assert.deepEqual(readPage((await visit(cookies)).body), { id, counter: 2 });
    });

    describe("when DynamoDB fails", () => {
      it("returns 503, keeps the cookie and logs the reason", async () => {
        const broken = createHandler({
          env: { ...env, TABLE_NAME: "no-such-table" },
          dynamodb: table.dynamodb,
        });
        const response = await broken(
          { cookies: [`cookie-test=${unknown}`] } as APIGatewayProxyEventV2,
          fakeContext(),
        );
        assert.equal(response.statusCode, 503);
        assert.equal(response.cookies, undefined);
        assert.equal(response.headers?.["retry-after"], "5");
        assert.equal(response.body, "Your session is not available right now. Please try again.");
        assert.equal(logged.length, 1);
        assert.equal((logged[0] as { error: string }).error, "ResourceNotFoundException");
        assert.ok(!JSON.stringify(logged).includes(unknown));
      });

      it("responds before the function times out, even if DynamoDB doesn't respond", async () => {
        const proxy = await startFaultProxy(table.endpoint);
        proxy.nextFault = () => "hang";
        const dynamodb = new DynamoDBClient(connection(proxy.endpoint));
        const response = await createHandler({ env, dynamodb })(
          {} as APIGatewayProxyEventV2,
          fakeContext(600),
        );
        assert.equal(response.statusCode, 503);
        proxy.close();
      });
    });
  });
