import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchWriteItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Contender, connect, createTable, type Jar } from "./contenders/contender";
import { handlerOn } from "./contenders/ours";
import { startDynamoDB } from "./dynamodb";
import { eachRound, type Figure, figures, type Load, load } from "./measure";

export type Growth = { sessions: number } & Record<keyof Load, Figure>;

/** Measures our handler with 16 visitors and different numbers of sessions in a table on disk. */
export async function measureGrowth(sizes: number[], rounds: number, visits: number): Promise<Growth[]> {
  const data = mkdtempSync(join(tmpdir(), "bench-"));
  const server = await startDynamoDB({ data });
  const dynamodb = connect(server.endpoint);
  const contenders: Contender[] = [];
  for (const sessions of sizes) {
    const table = `growth-${sessions}`;
    await createTable(dynamodb, table, "session-id");
    await fill(dynamodb, table, sessions);
    contenders.push(handlerOn(dynamodb, table));
  }
  const jars = sizes.map((): Jar[] => Array.from({ length: 16 }, () => ({})));
  const samples = sizes.map((): Load[] => []);
  await eachRound(rounds + 1, async (round) => {
    for (const [i, contender] of contenders.entries()) {
      const sample = await load(contender, jars[i] ?? [], visits);
      if (round > 1) samples[i]?.push(sample); // The first round warms up.
    }
  });
  await server.close();
  rmSync(data, { recursive: true });
  return sizes.map((sessions, i) => ({ sessions, ...figures(samples[i] ?? []) }));
}

/** Sessions of other visitors, with the attributes that the session store writes. */
async function fill(dynamodb: DynamoDBClient, table: string, sessions: number): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  let left = sessions;
  const write = async () => {
    while (left > 0) {
      const size = Math.min(25, left);
      left -= size;
      const puts = Array.from({ length: size }, () => ({
        PutRequest: {
          Item: {
            "session-id": { S: randomUUID() },
            counter: { N: "1" },
            "created-at": { N: `${now}` },
            "expires-at": { N: `${now + 1800}` },
          },
        },
      }));
      await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }));
    }
  };
  await Promise.all(Array.from({ length: 4 }, write));
}
