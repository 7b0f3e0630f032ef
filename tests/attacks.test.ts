import { strict as assert } from "node:assert";
import { type AttributeValue, type DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { createHandler } from "../handler";
import { readPage } from "./support/browser";
import { evaluate } from "./support/evaluate";
import { recordLog } from "./support/log";
import { useTable } from "./support/table";

describe("an attacker", () => {
  const table = useTable();
  const logged = recordLog();

  it("finds nothing that works as a cookie in the table, on pages or in the log, with secretIds", async () => {
    const limits = { IDLE_SECONDS: "60", ABSOLUTE_SECONDS: "600" };
    const env = { ...limits, TABLE_NAME: table.name, COOKIE_NAME: "sid", SECRET_IDS: "true" };
    let calls = 0;
    const send = (command: never) => {
      calls += 1;
      return table.dynamodb.send(command);
    };
    const handler = createHandler(env, { dynamodb: { send } as unknown as DynamoDBClient });
    const visit = (cookie = "") => handler({ routeKey: "GET /", cookies: [cookie] } as never);

    const candidates = new Set<string>();
    const ids = new Set<string>();
    for (let i = 0; i < 10; i++) {
      const { cookies } = await visit();
      for (let again = 0; again < 9; again++) {
        const { body = "" } = await visit(cookies?.[0]?.split(";")[0]);
        ids.add(readPage(body).id);
        for (const word of body.split(/[\s,]+/)) candidates.add(word);
      }
    }
    const { Items = [] } = await table.dynamodb.send(new ScanCommand({ TableName: table.name }));
    for (const item of Items) for (const value of Object.values(item).flatMap(strings)) candidates.add(value);
    for (const word of JSON.stringify(logged).split(/[\s"]+/)) candidates.add(word);
    assert.equal(ids.size, 10);
    assert.ok([...ids].every((id) => candidates.has(id)) && candidates.size > 100);

    for (const value of candidates) {
      calls = 0;
      const { id, counter } = readPage((await visit(`sid=${value}`)).body);
      assert.ok(!ids.has(id) && counter === 1, value);
      // The only call created a session: the value wasn't even looked up.
      assert.equal(calls, 1);
    }
  });

  const strings = (value: AttributeValue): string[] =>
    value.L ? value.L.flatMap(strings) : [value.S ?? value.N ?? ""];

  it("faces secret ids and a cookie that other hosts can't set, in production", async () => {
    const { inputs } = await evaluate({}, { stack: "prod" });
    const { variables } = inputs("aws:lambda/function:Function", "visit").environment as {
      variables: Record<string, string>;
    };
    assert.equal(variables.SECRET_IDS, "true");
    assert.match(variables.COOKIE_NAME ?? "", /^__Host-/);
  });
});
