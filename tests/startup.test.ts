import { strict as assert } from "node:assert";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createHandler } from "../handler";
import { startFaultProxy } from "./support/faultproxy";
import { recordLog } from "./support/log";
import { connection, useTable } from "./support/table";

describe("the handler, at a cold start", () => {
  const table = useTable();
  const env: NodeJS.ProcessEnv = {
    TABLE_NAME: table.name,
    COOKIE_NAME: "cookie-test",
    IDLE_SECONDS: "60",
    ABSOLUTE_SECONDS: "600",
  };
  const logged = recordLog();

  it("connects to the table with one call, which changes nothing", async () => {
    const before = await table.size();
    let calls = 0;
    const send = (command: never) => {
      calls += 1;
      return table.dynamodb.send(command);
    };
    await createHandler({ env, dynamodb: { send } as unknown as DynamoDBClient }).init();
    assert.equal(calls, 1);
    assert.equal(await table.size(), before);
    assert.deepEqual(logged, []);
  });

  it("still starts, after about a second, if DynamoDB doesn't respond", async () => {
    const proxy = await startFaultProxy(table.endpoint);
    proxy.nextFault = () => "hang";
    await createHandler({ env, dynamodb: new DynamoDBClient(connection(proxy.endpoint)) }).init();
    assert.deepEqual(logged, [
      {
        message: "could not connect to the table before the first visit",
        error: "AbortError",
        reason: "Request aborted",
      },
    ]);
    proxy.close();
  });

  for (const name of ["TABLE_NAME", "COOKIE_NAME", "IDLE_SECONDS", "ABSOLUTE_SECONDS"]) {
    it(`refuses to start without ${name}`, () => {
      assert.throws(() => createHandler({ env: { ...env, [name]: undefined } }), {
        message: `${name} is not set`,
      });
    });
  }

  it("refuses to start with a limit that is not a positive whole number", () => {
    for (const value of ["soon", "0", "-1", "1.5"]) {
      const message = "IDLE_SECONDS is not a positive whole number";
      assert.throws(() => createHandler({ env: { ...env, IDLE_SECONDS: value } }), { message });
    }
  });
});
