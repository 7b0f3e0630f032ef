import { strict as assert } from "node:assert";
import { type EmbeddedDynamoDB, startDynamoDB } from "../dynamodb/embedded";

describe("the embedded DynamoDB", () => {
  let embedded: EmbeddedDynamoDB;

  before(async () => {
    embedded = await startDynamoDB();
  });
  after(() => embedded.close());

  const call = (body: string, headers: object = {}, action = "ListTables", { endpoint } = embedded) =>
    fetch(endpoint, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${action}`,
        "x-amz-date": "20261124T000000Z",
        authorization:
          "AWS4-HMAC-SHA256 Credential=local/20261124/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        ...headers,
      },
    });

  it("refuses calls without an object, and keeps running", async () => {
    for (const body of ["null", "{"]) {
      assert.match(await (await call(body)).text(), /SerializationException/);
    }
    assert.deepEqual(await (await call("{}")).json(), { TableNames: [] });
  });

  it("finishes pending calls before it closes", async () => {
    const closing = await startDynamoDB();
    const send = (action: string, input: object) =>
      call(JSON.stringify({ TableName: "visits", ...input }), {}, action, closing);
    await send("CreateTable", {
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    });
    const callers = Array.from({ length: 200 }, (_, id) =>
      send("PutItem", { Item: { id: { S: `${id}` } } }).catch(() => undefined),
    );
    await Promise.race(callers);
    await closing.close();
    await Promise.all(callers);
    // What dynalite threw meanwhile would fail this test.
  });

  it("rejects calls from web pages", async () => {
    for (const origin of ["https://example.com", "http://localhost:3000", "null"]) {
      assert.equal((await call("{}", { origin })).status, 403);
    }
  });
});
