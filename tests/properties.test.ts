import { strict as assert } from "node:assert";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import * as fc from "fast-check";
import { createHandler } from "../handler";
import { plainTokens, secretTokens } from "../sessions/tokens";
import { readPage } from "./support/browser";
import { recordLog } from "./support/log";
import { useTable } from "./support/table";

describe("the handler, for any input,", () => {
  const table = useTable();
  const limits = { idle: 60, absolute: 150 };
  let now = Date.UTC(2026, 0, 1);
  recordLog();

  async function visit(cookies?: string[], secretIds = false) {
    const env = {
      TABLE_NAME: table.name,
      COOKIE_NAME: "sid",
      IDLE_SECONDS: "60",
      ABSOLUTE_SECONDS: "150",
      SECRET_IDS: `${secretIds}`,
    };
    const handler = createHandler(env, { dynamodb: table.dynamodb, now: () => now });
    const response = await handler({ routeKey: "GET /", cookies } as APIGatewayProxyEventV2);
    const [, token = "", maxAge] = /^sid=([^;]+); Max-Age=(\d+); /.exec(response.cookies?.[0] ?? "") ?? [];
    return { response, ...readPage(response.body), token, maxAge: Number(maxAge) };
  }

  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.uuid({ version: 4 }),
    fc.uuid({ version: 4 }).map((id) => id.toUpperCase()),
    fc.uuid({ version: 7 }),
    fc.base64String({ minLength: 44, maxLength: 44 }).map((text) => text.replace("=", "-")),
    fc.string({ unit: fc.constantFrom(..."-_09azAZ"), minLength: 43, maxLength: 43 }),
    fc.uuid({ version: 4 }).map((id) => secretTokens.idOf(id)),
    fc.constantFrom("__proto__", "constructor", "toString", "", "%", "%00", "x".repeat(8192), "💣", "\u0000"),
  );
  const cookie = fc.oneof(
    value.map((text) => `sid=${text}`),
    value,
    fc.tuple(value, value).map(([name, text]) => `${name}=${text}`),
  );

  for (const [kind, tokens] of Object.entries({ plain: plainTokens, secret: secretTokens })) {
    it(`starts a new session for cookies that it didn't set, and never echoes them, with ${kind} ids`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(cookie, { maxLength: 5 }), async (cookies) => {
          const { response, id, token, counter } = await visit(cookies, kind === "secret");
          assert.deepEqual([response.statusCode, counter], [200, 1]);
          assert.ok(tokens.accepts(token));
          assert.equal(tokens.idOf(token), id);
          assert.ok(!cookies.some((sent) => sent.includes(id) || sent.includes(token)));
        }),
        { numRuns: 200 },
      );
    });
  }

  // Waits that many seconds, if any, and then comes as that visitor, or as a new one.
  const step = fc.record({
    seconds: fc.constantFrom(0, 0, 0, 0, 1, 29, 30, 59, 60, 61, 149, 150),
    session: fc.nat(6),
  });

  it("behaves like a simple model of sessions, including at the limits", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const model: { id: string; token: string; counter: number; created: number; used: number }[] = [];
        for (const { seconds, session } of steps) {
          now += seconds * 1000;
          const time = now / 1000;
          const known = model[session];
          const { id, token, counter, maxAge } = await visit(known && ["other=1", `sid=${known.token}`]);
          if (known && time < known.used + limits.idle && time < known.created + limits.absolute) {
            Object.assign(known, { counter: known.counter + 1, used: time });
            assert.deepEqual([id, counter], [known.id, known.counter]);
            assert.equal(maxAge, Math.min(limits.idle, known.created + limits.absolute - time));
          } else {
            assert.ok(!model.some((other) => other.id === id));
            assert.deepEqual([counter, maxAge], [1, limits.idle]);
            model.push({ id, token, counter: 1, created: time, used: time });
          }
        }
        for (const { id, counter } of model) assert.equal((await table.item(id))?.counter?.N, `${counter}`);
      }),
      { numRuns: 30 },
    );
  });
});
