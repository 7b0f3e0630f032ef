import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  ResourceNotFoundException,
} from "@aws-sdk/client-dynamodb";

/** A browser's cookie jar, with at most one cookie. */
export interface Jar {
  cookie?: string;
}

/** A way to count visits in DynamoDB. */
export interface Contender {
  name: string;
  /** Makes a visit with the jar's cookie. Resolves to the counter on the page. */
  visit(jar: Jar): Promise<number>;
  close?(): Promise<void>;
}

/** Starts a contender on the DynamoDB at `endpoint`, in a table of its own. */
export type Start = (endpoint: string) => Promise<Contender>;

/** The same client for every contender that accepts one. */
export const connect = (endpoint: string) =>
  new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 500, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });

/** Creates an empty table. A DynamoDB that you have started may still have one from the last run. */
export async function createTable(dynamodb: DynamoDBClient, table: string, hashKey: string): Promise<void> {
  await dynamodb.send(new DeleteTableCommand({ TableName: table })).catch((error: unknown) => {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  });
  await dynamodb.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [{ AttributeName: hashKey, KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: hashKey, AttributeType: "S" }],
    }),
  );
}

/** The counter in a page such as `session-id: 1234, counter: 2`. */
export function counterIn(page = ""): number {
  const counter = /counter: (\d+)/.exec(page)?.[1];
  if (!counter) throw new Error(`no counter in ${JSON.stringify(page)}`);
  return Number(counter);
}
