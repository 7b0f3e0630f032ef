import { strict as assert } from "node:assert";
import { type AttributeValue, type DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import { createHandler } from "../handler";
import { readPage } from "./support/browser";
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
    const env = { ...limits, TABLE_NAME: table.name, SECRET_IDS: "true" };
    let calls = 0;
    const send = (command: never) => {
      calls += 1;
      return table.dynamodb.send(command);
    };
    const handler = createHandler(env, { dynamodb: { send } as unknown as DynamoDBClient });
    const visit = (cookie?: string) =>
      handler({ routeKey: "GET /", cookies: cookie ? [cookie] : [] } as never);

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
