// What a visit consumes: run in a process of its own, because it puts a proxy before DynamoDB.

import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startAll } from "./contenders/all";
import type { Jar } from "./contenders/contender";
import { startDynamoDB } from "./dynamodb";

export interface Units {
  name: string;
  calls: number;
  read: number;
  write: number;
}

/** DynamoDB calls and units of a returning visitor's visit, by DynamoDB's own account. */
export async function measureUnits(): Promise<Units[]> {
  const child = fork(__filename, { silent: true, execArgv: ["-r", "ts-node/register"] });
  const [units] = (await once(child, "message")) as [Units[]];
  return units;
}

async function count(): Promise<Units[]> {
  const dynamodb = await startDynamoDB();
  const sums = { calls: 0, read: 0, write: 0 };
  const proxy = createServer(async (request, response) => {
    const body = JSON.parse((await request.toArray()).join(""));
    const headers = { "content-type": "application/x-amz-json-1.0" } as Record<string, string>;
    for (const name of ["x-amz-target", "authorization", "x-amz-date"])
      headers[name] = `${request.headers[name]}`;
    const isItem = /(Get|Put|Update|Delete)Item$/.test(headers["x-amz-target"] ?? "");
    if (isItem) body.ReturnConsumedCapacity = "TOTAL";
    const answer = await fetch(dynamodb.endpoint, { method: "POST", headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (isItem) {
      sums.calls++;
      const units = JSON.parse(text).ConsumedCapacity?.CapacityUnits ?? 0;
      sums[headers["x-amz-target"]?.endsWith("GetItem") ? "read" : "write"] += units;
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
  await dynamodb.close();
  return units;
}

if (require.main === module) count().then((units) => process.send?.(units, () => process.exit()));
