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

  it("finds nothing in the table, on a page or in the log that works as a cookie, where ids are secret", async () => {
    const env = { ...limits, TABLE_NAME: table.name, ID_FORM: "secret" };
    const calls = { made: 0 };
    const send = (command: never) => {
      calls.made += 1;
      return table.dynamodb.send(command);
    };
    const handler = createHandler({ env, dynamodb: { send } as unknown as DynamoDBClient });
    const visit = (cookie?: string) => handler({ cookies: cookie ? [cookie] : [] } as never, fakeContext());

    const loot = new Set<string>();
    const ids = new Set<string>();
    for (let i = 0; i < 100; i++) {
      const { cookies } = await visit();
      const cookie = cookies?.[0]?.split(";")[0];
      for (let again = 0; again < 9; again++) {
        const { body = "" } = await visit(cookie);
        ids.add(readPage(body).id);
        for (const word of body.split(/[\s,]+/)) loot.add(word);
      }
    }
    for await (const { Items = [] } of paginateScan({ client: table.dynamodb }, { TableName: table.name })) {
      for (const value of Items.flatMap((item) => Object.values(item).flatMap(strings))) loot.add(value);
    }
    for (const line of logged) for (const word of line.split(/[\s"]+/)) loot.add(word);
    assert.equal(ids.size, 100);
    assert.ok([...ids].every((id) => loot.has(id)));
    assert.ok(loot.size > 1000);

    for (const value of loot) {
      calls.made = 0;
      const { body = "" } = await visit(`sid=${value}`);
      const { id, counter } = readPage(body);
      assert.ok(!ids.has(id) && counter === 1, value);
      // It is not even looked up.
      assert.equal(calls.made, 1);
    }
  }).timeout(60_000);

  const strings = (value: AttributeValue): string[] =>
    value.L ? value.L.flatMap(strings) : [value.S ?? value.N ?? ""];

  /** A DynamoDB in which nothing but new sessions succeed. */
  function createEmptyTable() {
    const looked: string[] = [];
    const send = async ({ input }: UpdateItemCommand) => {
      const {
        ":requests": requests,
        ":counter": counter,
        ":now": now,
      } = input.ExpressionAttributeValues ?? {};
      if (requests && counter && now) return { Attributes: { requests, counter, "created-at": now } };
      looked.push(String(input.Key?.["session-id"]?.S));
      throw new ConditionalCheckFailedException({ $metadata: {}, message: "no such item" });
    };
    return { looked, dynamodb: { send } as unknown as DynamoDBClient };
  }

  it("meets secret ids and a cookie that other hosts cannot set in production", async () => {
    const { inputs } = await evaluate({}, { stack: "prod" });
    const { variables } = inputs("aws:lambda/function:Function", "visit").environment as {
      variables: Record<string, string>;
    };
    assert.equal(variables.ID_FORM, "secret");
    assert.match(variables.COOKIE_NAME ?? "", /^__Host-/);
  });

  const pieces = [
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
  const forge: (() => string)[] = [
    uuids.issue,
    secrets.issue,
    () => secrets.idOf(uuids.issue()),
    () => uuids.issue().toUpperCase(),
    () => randomBytes(randomInt(80)).toString("base64"),
    () => randomBytes(randomInt(80)).toString("latin1"),
    () => `${uuids.issue()}${pieces[randomInt(pieces.length)]}`,
    () => `${pieces[randomInt(pieces.length)]}${secrets.issue().slice(randomInt(3))}`,
  ];

  for (const [form, tokens] of Object.entries({ uuid: uuids, secret: secrets })) {
    it(`is given a new session for each of 50,000 forged cookies, malformed ones without a look, with ids as ${form}`, async () => {
      const { looked, dynamodb } = createEmptyTable();
      const handler = createHandler({ env: { ...limits, TABLE_NAME: "t", ID_FORM: form }, dynamodb });
      let wellFormed = 0;
      for (let i = 0; i < 50_000; i++) {
        const forged = forge[i % forge.length]?.() ?? "";
        const before = looked.length;
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
        if (looked.length > before) {
          wellFormed += 1;
          assert.ok(tokens.accepts(forged.trim().split(";")[0] ?? ""), forged);
        }
      }
      assert.ok(wellFormed >= 6_250 && wellFormed < 25_000, `${wellFormed}`);
    }).timeout(120_000);
  }
});
