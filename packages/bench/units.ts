// What a visit consumes. Runs in its own process, because it puts a proxy in front of DynamoDB.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startAll } from "./contenders/all";
import type { Jar } from "./contenders/contender";
import { type Engine, startDynamoDB } from "./dynamodb";
import { announce, startProcess } from "./processes";

/** Units are missing if the engine doesn't report them. */
export interface Units {
  name: string;
  calls: number;
  read?: number;
  write?: number;
}

/** DynamoDB calls per visit of a returning visitor, and the units that the engine reports. */
export async function measureUnits(engine: Engine): Promise<Units[]> {
  const dynamodb = await startDynamoDB({ engine });
  const { message, close } = await startProcess<Units[]>(__filename, [dynamodb.endpoint]);
  await close();
  await dynamodb.close();
  return message;
}

async function count(endpoint: string): Promise<Units[]> {
  const sums = { calls: 0, read: 0, write: 0 };
  const proxy = createServer(async (request, response) => {
    const body = JSON.parse((await request.toArray()).join(""));
    const headers = { "content-type": "application/x-amz-json-1.0" } as Record<string, string>;
    for (const name of ["x-amz-target", "authorization", "x-amz-date"])
      headers[name] = `${request.headers[name]}`;
    const isItem = /(Get|Put|Update|Delete)Item$/.test(headers["x-amz-target"] ?? "");
    if (isItem) body.ReturnConsumedCapacity = "TOTAL";
    const answer = await fetch(endpoint, { method: "POST", headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (isItem) {
      sums.calls++;
      sums[headers["x-amz-target"]?.endsWith("GetItem") ? "read" : "write"] +=
        JSON.parse(text).ConsumedCapacity?.CapacityUnits ?? Number.NaN;
    }
    response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.0" }).end(text);
  });
  await new Promise<void>((listening) => proxy.listen(0, "127.0.0.1", listening));

  const visits = 20;
  const units: Units[] = [];
  for (const { name, visit } of await startAll(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)) {
    const jar: Jar = {};
    await visit(jar);
    Object.assign(sums, { calls: 0, read: 0, write: 0 });
    for (let i = 0; i < visits; i++) await visit(jar);
    units.push({ name, calls: sums.calls / visits, read: sums.read / visits, write: sums.write / visits });
  }
  return units;
}

if (require.main === module) count(process.argv[2] ?? "").then(announce);
