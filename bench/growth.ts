import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchWriteItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Contender, connect, createTable, type Jar } from "./contenders/contender";
import { handlerOn } from "./contenders/ours";
import { startDynamoDB } from "./dynamodb";
import { type Figure, figure, load } from "./measure";

export interface Growth {
  sessions: number;
  throughput: Figure;
  p50: Figure;
  p99: Figure;
}

/** Visits of 16 visitors to our handler, with so many sessions in the table, which is on disk. */
export async function measureGrowth(sizes: number[], rounds: number, visits: number): Promise<Growth[]> {
  const data = mkdtempSync(join(tmpdir(), "bench-"));
  const server = await startDynamoDB(data);
  const dynamodb = connect(server.endpoint);
  const contenders: Contender[] = [];
  for (const sessions of sizes) {
    const table = `growth-${sessions}`;
    await createTable(dynamodb, table, "session-id");
    await fill(dynamodb, table, sessions);
    contenders.push(handlerOn(dynamodb, table));
  }
  const jars = sizes.map((): Jar[] => Array.from({ length: 16 }, () => ({})));
  const samples = sizes.map(() => ({ throughput: [] as number[], p50: [] as number[], p99: [] as number[] }));
  for (let round = -1; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      const sample = await load(contender, jars[i] ?? [], visits);
      if (round < 0) continue; // The first round warms up.
      samples[i]?.throughput.push(sample.throughput);
      samples[i]?.p50.push(sample.p50);
      samples[i]?.p99.push(sample.p99);
    }
  }
  await server.close();
  rmSync(data, { recursive: true });
  return sizes.map((sessions, i) => ({
    sessions,
    throughput: figure(samples[i]?.throughput ?? []),
    p50: figure(samples[i]?.p50 ?? []),
    p99: figure(samples[i]?.p99 ?? []),
  }));
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
