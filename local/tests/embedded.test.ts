import { strict as assert } from "node:assert";
import { type EmbeddedDynamoDB, startDynamoDB } from "../dynamodb/embedded";

describe("the embedded DynamoDB", () => {
  let embedded: EmbeddedDynamoDB;

  before(async () => {
    embedded = await startDynamoDB();
  });
  after(() => embedded.close());

  const call = (body: string, headers: Record<string, string> = {}) =>
    fetch(embedded.endpoint, {
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
    it(`refuses a call with the body ${body || "of no bytes"}, and goes on`, async () => {
      const response = await call(body);
      assert.equal(response.status, 400);
      assert.match(await response.text(), /SerializationException/);
      assert.deepEqual(await (await call("{}")).json(), { TableNames: [] });
    });
  }

  it("lets no web page read the tables", async () => {
    for (const origin of ["https://example.com", "http://localhost:3000", "null"]) {
      const response = await call("{}", { origin });
      assert.equal(response.status, 403);
      assert.equal(response.headers.get("access-control-allow-origin"), null);
    }
  });
});
