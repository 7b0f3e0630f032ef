import { randomUUID } from "node:crypto";
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { type EmbeddedDynamoDB, startDynamoDB } from "pulumi-aws-local";

// On Node.js 20, the SDK warns that its support ends soon.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

/**
 * Creates a table for the tests in a `describe` block, with the key that `index.ts` declares. It uses the embedded
 * DynamoDB, or the one at `DYNAMODB_ENDPOINT`, which is AWS if the URL starts with https.
 */
export function useTable() {
  const name = `sessions-test-${randomUUID()}`;
  const table = {
    name,
    // Both are set before the first test.
    endpoint: "",
    dynamodb: {} as DynamoDBClient,
    async item(id: string) {
      const key = { "session-id": { S: id } };
      const command = new GetItemCommand({ TableName: name, Key: key, ConsistentRead: true });
      return (await table.dynamodb.send(command)).Item;
    },
  };
  let embedded: EmbeddedDynamoDB | undefined;

  before(async () => {
    embedded = process.env.DYNAMODB_ENDPOINT ? undefined : await startDynamoDB();
    table.endpoint = process.env.DYNAMODB_ENDPOINT ?? embedded?.endpoint ?? "";
    table.dynamodb = new DynamoDBClient(connection(table.endpoint));
    await table.dynamodb.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [{ AttributeName: "session-id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "session-id", AttributeType: "S" }],
      }),
    );
    await waitUntilTableExists({ client: table.dynamodb, maxWaitTime: 60 }, { TableName: name });
  });

  after(async () => {
    await table.dynamodb.send(new DeleteTableCommand({ TableName: name }));
    table.dynamodb.destroy();
    await embedded?.close();
  });

  return table;
}

/** A client's configuration: your own credentials for AWS, dummy credentials otherwise. */
export function connection(endpoint: string) {
  if (endpoint.startsWith("https:")) return { endpoint };
  return { endpoint, region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };
}
