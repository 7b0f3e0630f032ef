import { strict as assert } from "node:assert";
import { randomBytes, randomInt } from "node:crypto";
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  paginateScan,
  type UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { createHandler } from "../handler";
import { secrets, uuids } from "../tokens";
import { readPage } from "./support/browser";
import { fakeContext } from "./support/context";
import { evaluate } from "./support/evaluate";
import { useTable } from "./support/table";

const limits = { COOKIE_NAME: "sid", IDLE_SECONDS: "60", ABSOLUTE_SECONDS: "600" };

describe("an attacker", () => {
  const table = useTable();
  const { info, error } = console;
  const logged: string[] = [];
  before(() => {
    console.info = console.error = (...values: unknown[]) => logged.push(JSON.stringify(values));
  });
  after(() => Object.assign(console, { info, error }));

  it("finds nothing that works as a cookie in the table, on pages or in the log, with secretIds", async () => {
    const env = { ...limits, TABLE_NAME: table.name, ID_FORM: "secret" };
    let calls = 0;
    const send = (command: never) => {
      calls += 1;
      return table.dynamodb.send(command);
    };
    const handler = createHandler({ env, dynamodb: { send } as unknown as DynamoDBClient });
    const visit = (cookie?: string) => handler({ cookies: cookie ? [cookie] : [] } as never, fakeContext());

    const candidates = new Set<string>();
    const ids = new Set<string>();
    for (let i = 0; i < 100; i++) {
      const { cookies } = await visit();
      const cookie = cookies?.[0]?.split(";")[0];
      for (let again = 0; again < 9; again++) {
        const { body = "" } = await visit(cookie);
        ids.add(readPage(body).id);
        for (const word of body.split(/[\s,]+/)) candidates.add(word);
      }
    }
    for await (const { Items = [] } of paginateScan({ client: table.dynamodb }, { TableName: table.name })) {
      for (const value of Items.flatMap((item) => Object.values(item).flatMap(strings)))
        candidates.add(value);
    }
    for (const line of logged) for (const word of line.split(/[\s"]+/)) candidates.add(word);
    assert.equal(ids.size, 100);
    assert.ok([...ids].every((id) => candidates.has(id)));
    assert.ok(candidates.size > 1000);

    for (const value of candidates) {
      calls = 0;
      const { body = "" } = await visit(`sid=${value}`);
      const { id, counter } = readPage(body);
      assert.ok(!ids.has(id) && counter === 1, value);
      // The one call created a session: the value wasn't even looked up.
      assert.equal(calls, 1);
    }
  });

  const strings = (value: AttributeValue): string[] =>
    value.L ? value.L.flatMap(strings) : [value.S ?? value.N ?? ""];

  /** A DynamoDB without items, in which only new sessions succeed. */
  function createEmptyTable() {
    const lookups: string[] = [];
    const send = async ({ input }: UpdateItemCommand) => {
      const {
        ":requests": requests,
        ":counter": counter,
        ":now": now,
      } = input.ExpressionAttributeValues ?? {};
      if (requests && counter && now) return { Attributes: { requests, counter, "created-at": now } };
      lookups.push(String(input.Key?.["session-id"]?.S));
      throw new ConditionalCheckFailedException({ $metadata: {}, message: "The conditional request failed" });
    };
    return { lookups, dynamodb: { send } as unknown as DynamoDBClient };
  }

  it("faces secret ids and a cookie that other hosts can't set, in production", async () => {
    const { inputs } = await evaluate({}, { stack: "prod" });
    const { variables } = inputs("aws:lambda/function:Function", "visit").environment as {
      variables: Record<string, string>;
    };
    assert.equal(variables.ID_FORM, "secret");
    assert.match(variables.COOKIE_NAME ?? "", /^__Host-/);
  });

  const fragments = [
    "-",
    "_",
    "=",
    "%2d",
    '"',
    "\r\nset-cookie: x=1",
    "\u0000",
    "ä",
    " ",
    ";sid=",
    "🍪",
    "__proto__",
  ];
  const generators: (() => string)[] = [
    uuids.issue,
    secrets.issue,
    () => secrets.idOf(uuids.issue()),
    () => uuids.issue().toUpperCase(),
    () => randomBytes(randomInt(80)).toString("base64"),
    () => randomBytes(randomInt(80)).toString("latin1"),
    () => `${uuids.issue()}${fragments[randomInt(fragments.length)]}`,
    () => `${fragments[randomInt(fragments.length)]}${secrets.issue().slice(randomInt(3))}`,
  ];

  for (const [form, tokens] of Object.entries({ uuid: uuids, secret: secrets })) {
    it(`gets a new session for each of 50,000 forged cookies, without a lookup if it is malformed, with ${form} ids`, async () => {
      const { lookups, dynamodb } = createEmptyTable();
      const handler = createHandler({ env: { ...limits, TABLE_NAME: "t", ID_FORM: form }, dynamodb });
      let wellFormed = 0;
      for (let i = 0; i < 50_000; i++) {
        const forged = generators[i % generators.length]?.() ?? "";
        const before = lookups.length;
        const { statusCode, headers, cookies, body } = await handler(
          {
            cookies: [`sid=${forged}`],
            rawQueryString: forged,
            headers: { [forged]: forged },
          } as unknown as APIGatewayProxyEventV2,
          fakeContext(),
        );
        const token = /^sid=([\w-]+); Max-Age=60; Path=\/; HttpOnly; Secure; SameSite=Lax$/.exec(
          cookies?.[0] ?? "",
        )?.[1];
        assert.ok(token && token !== forged && tokens.accepts(token), forged);
        assert.deepEqual([statusCode, body], [200, `session-id: ${tokens.idOf(token)}, counter: 1`]);
        assert.ok(!/[\r\n]/.test(Object.entries(headers ?? {}).join()));
        if (lookups.length > before) {
          wellFormed += 1;
          assert.ok(tokens.accepts(forged.trim().split(";")[0] ?? ""), forged);
        }
      }
      assert.ok(wellFormed >= 6_250 && wellFormed < 25_000, `${wellFormed}`);
    });
  }
});
