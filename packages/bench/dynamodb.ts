import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { startDynamoDB as embed } from "pulumi-aws-local";
import { Failure } from "../../commands/command";
import { connection } from "../../tests/support/table";
import type { Contender } from "./archives";

const dynoxide = join(__dirname, "node_modules/@dynoxide/linux-x64/dynoxide");

/** Starts dynoxide, or the embedded DynamoDB where dynoxide doesn't run. It ends with this process. */
export async function startDynamoDB(): Promise<{ engine: string; url: string }> {
  if (!existsSync(dynoxide)) return { engine: "embedded", url: (await embed()).endpoint };
  const port = 20_000 + Math.floor(10_000 * Math.random());
  const child = spawn(dynoxide, ["serve", "--port", `${port}`], { stdio: ["ignore", "ignore", "pipe"] });
  process.once("exit", () => child.kill());
  const [output] = await once(child.stderr, "data");
  if (!`${output}`.includes("listening")) throw new Failure(`dynoxide doesn't start: ${output}`);
  return { engine: "dynoxide", url: `http://127.0.0.1:${port}` };
}

/** Creates each contender's table. */
export async function createTables(contenders: Contender[], endpoint: string): Promise<void> {
  const dynamodb = new DynamoDBClient(connection(endpoint));
  for (const { table, key } of contenders) {
    await dynamodb.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [{ AttributeName: key, KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: key, AttributeType: "S" }],
      }),
    );
  }
}
