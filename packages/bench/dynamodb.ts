import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  ListTablesCommand,
} from "@aws-sdk/client-dynamodb";
import { startDynamoDB as embed } from "pulumi-aws-local";
import type { Contender } from "./archives";

/** A mistake in the options. */
export class OptionError extends Error {}

const dynoxide = join(__dirname, "node_modules/@dynoxide/linux-x64/dynoxide");

/** The fastest engine that runs on this machine. */
export const defaultEngine = () => (existsSync(dynoxide) ? "dynoxide" : "embedded");

/**
 * Starts an engine, and resolves to its address. It ends with this process.
 *
 * @param engine `embedded`, `dynoxide`, or the URL of a DynamoDB that is already running
 * @throws OptionError when there is no such engine on this machine or it doesn't answer
 */
export async function startDynamoDB(engine: string): Promise<string> {
  if (engine === "embedded") return (await embed()).endpoint;
  if (engine !== "dynoxide") {
    if (!/^http:\/\/[^/]+\/?$/.test(engine)) {
      throw new OptionError("--engine takes embedded, dynoxide or a URL such as http://127.0.0.1:8000.");
    }
    if (await isReady(engine)) return engine;
    throw new OptionError(`No DynamoDB answers at ${engine}. Start it first, or omit --engine.`);
  }
  if (!existsSync(dynoxide))
    throw new OptionError("dynoxide only runs on x64 Linux. Choose another --engine.");
  const server = createServer().listen(0, "127.0.0.1"); // to find a free port
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  const child = spawn(dynoxide, ["serve", "--port", `${port}`], { stdio: "ignore" });
  process.once("exit", () => child.kill());
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await isReady(url)); tries++) {
    if (tries > 200 || child.exitCode !== null) throw new Error("dynoxide doesn't start");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return url;
}

const connect = (endpoint: string) =>
  new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
    requestHandler: { requestTimeout: 5000, throwOnRequestTimeout: true },
  });

const isReady = async (endpoint: string) => {
  const tables = await connect(endpoint)
    .send(new ListTablesCommand())
    .catch(() => undefined);
  return tables !== undefined;
};

/** Creates each contender's table. A DynamoDB that you have started may still have one from the last run. */
export async function createTables(contenders: Contender[], endpoint: string): Promise<void> {
  const dynamodb = connect(endpoint);
  for (const { table: TableName, key } of contenders) {
    await dynamodb.send(new DeleteTableCommand({ TableName })).catch(() => {});
    await dynamodb.send(
      new CreateTableCommand({
        TableName,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [{ AttributeName: key, KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: key, AttributeType: "S" }],
      }),
    );
  }
}
