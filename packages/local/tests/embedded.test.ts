import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedDynamoDB, startDynamoDB } from "../dynamodb/embedded";

describe("the embedded DynamoDB", () => {
  let embedded: EmbeddedDynamoDB;

  before(async () => {
    embedded = await startDynamoDB();
  });
  after(() => embedded.close());

  const call = (body: string, headers: object = {}, action = "ListTables", endpoint = embedded.endpoint) =>
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

  /** Calls an action on the table "visits". */
  const send = (endpoint: string, action: string, input: object) =>
    call(JSON.stringify({ TableName: "visits", ...input }), {}, action, endpoint);

  /** Creates the table, and puts 200 items at once. Each promise resolves to the item's id, or to `undefined`. */
  async function putItems(endpoint: string): Promise<Promise<string | undefined>[]> {
    await send(endpoint, "CreateTable", {
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    });
    return Array.from({ length: 200 }, async (_, number) => {
      const id = `${number}`;
      const response = await send(endpoint, "PutItem", { Item: { id: { S: id } } }).catch(() => undefined);
      return response?.ok ? id : undefined;
    });
  }

  it("finishes pending calls before it closes", async () => {
    const closing = await startDynamoDB();
    const puts = await putItems(closing.endpoint);
    await Promise.race(puts);
    await closing.close();
    await Promise.all(puts);
    // What dynalite threw meanwhile would fail this test.
  });

  it("keeps in its folder what it has acknowledged, even after kill -9", async () => {
    const data = mkdtempSync(join(tmpdir(), "data-"));
    const script = `require("./register"); require("./dynamodb/embedded").startDynamoDB(process.argv[1])
      .then(({ endpoint }) => console.log(endpoint));`;
    const child = spawn(process.execPath, ["-e", script, data], {
      cwd: join(__dirname, ".."),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const closed = once(child, "close");
    const [endpoint] = await once(child.stdout, "data");
    const puts = await putItems(`${endpoint}`.trim());
    await Promise.race(puts);
    child.kill("SIGKILL");
    const acknowledged = (await Promise.all(puts)).filter((id) => id !== undefined);
    await closed;

    const restarted = await startDynamoDB(data);
    const { Items } = await (await send(restarted.endpoint, "Scan", {})).json();
    const kept = new Set(Items.map((item: { id: { S: string } }) => item.id.S));
    assert.ok(acknowledged.length > 0);
    for (const id of acknowledged) assert.ok(kept.has(id), `${id} of ${acknowledged.length} is lost`);
    await restarted.close();
    rmSync(data, { recursive: true });
  });

  it("rejects calls from web pages", async () => {
    for (const origin of ["https://example.com", "http://localhost:3000", "null"]) {
      assert.equal((await call("{}", { origin })).status, 403);
    }
  });
});
