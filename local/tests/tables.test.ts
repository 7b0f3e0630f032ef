import { strict as assert } from "node:assert";
import { DynamoDBClient, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { connection } from "../../tests/support/table";
import { type EmbeddedDynamoDB, startDynamoDB } from "../dynamodb/embedded";
import { createTables, type Tables } from "../dynamodb/tables";

describe("a table in the local run", () => {
  let embedded: EmbeddedDynamoDB;
  let tables: Tables;

  before(async () => {
    embedded = await startDynamoDB();
    tables = createTables(embedded.endpoint, "us-east-1");
  });
  after(async () => {
    tables.close();
    await embedded.close();
  });

  it("loses the items whose time to live is over, and no others", async () => {
    const inputs = {
      hashKey: "id",
      rangeKey: "at",
      attributes: [
        { name: "id", type: "S" },
        { name: "at", type: "S" },
      ],
      ttl: { attributeName: "expires-at", enabled: true },
    };
    const type = "aws:dynamodb/table:Table";
    await tables.provider[type]?.({ type, name: "t", physicalName: "table", inputs, arn: () => "" });
    const client = new DynamoDBClient(connection(embedded.endpoint));
    const now = Math.floor(Date.now() / 1000);
    const expiries = {
      over: { N: `${now - 10}` },
      ahead: { N: `${now + 60}` },
      text: { S: "0" },
      milliseconds: { N: `${now * 1000}` },
    };
    for (const [id, expiry] of Object.entries(expiries)) {
      const Item = { id: { S: id }, at: { S: "1" }, "expires-at": expiry };
      await client.send(new PutItemCommand({ TableName: "table", Item }));
    }
    await tables.deleteExpired();
    const { Items = [] } = await client.send(new ScanCommand({ TableName: "table" }));
    assert.deepEqual(Items.map(({ id }) => id?.S).sort(), ["ahead", "milliseconds", "text"]);
    client.destroy();
  });
});
