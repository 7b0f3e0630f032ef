import { strict as assert } from "node:assert";
import { type EmbeddedDynamoDB, startDynamoDB } from "../dynamodb/embedded";

describe("the embedded DynamoDB", () => {
  let embedded: EmbeddedDynamoDB;

  before(async () => {
    embedded = await startDynamoDB();
  });
  after(() => embedded.close());

  const call = (body: string, headers: Record<string, string> = {}, endpoint = embedded.endpoint) =>
    fetch(endpoint, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "DynamoDB_20120810.ListTables",
        "x-amz-date": "20261124T000000Z",
        authorization:
          "AWS4-HMAC-SHA256 Credential=local/20261124/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        ...headers,
      },
    });

  for (const body of ["null", "[]", "1", '"text"', "true", "{", ""]) {
    it(`refuses a call with the body ${body || "of no bytes"}, and keeps running`, async () => {
      const response = await call(body);
      assert.equal(response.status, 400);
      assert.match(await response.text(), /SerializationException/);
      assert.deepEqual(await (await call("{}")).json(), { TableNames: [] });
    });
  }

  it("finishes pending calls before it closes", async () => {
    const closing = await startDynamoDB();
    const thrown: unknown[] = [];
    const record = (error: unknown) => thrown.push(error);
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException").on("uncaughtException", record);
    const send = (action: string, input: object) =>
      call(
        JSON.stringify({ TableName: "visits", ...input }),
        {
          "x-amz-target": `DynamoDB_20120810.${action}`,
        },
        closing.endpoint,
      );
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
    process.off("uncaughtException", record);
    for (const listener of listeners) process.on("uncaughtException", listener);
    assert.deepEqual(thrown, []);
  });

  it("rejects calls from web pages", async () => {
    for (const origin of ["https://example.com", "http://localhost:3000", "null"]) {
      const response = await call("{}", { origin });
      assert.equal(response.status, 403);
      assert.equal(response.headers.get("access-control-allow-origin"), null);
    }
  });
});
