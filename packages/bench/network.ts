// The network between function and table: a TLS proxy that responds as late as DynamoDB does on AWS.

import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { generate } from "selfsigned";

/**
 * Mean and 95th percentile in milliseconds, from the request to its response, for items of 370 bytes and an EC2
 * instance in us-east-1, in September 2026. UpdateItem was not measured, so it gets PutItem's figures. Source:
 * docs/meli-results.md in https://github.com/rhoulihan/dynamodb-latency-harness, commit 0bf08796.
 */
const MEASURED = {
  write: { mean: 3.74, p95: 4.58 },
  strongRead: { mean: 2.27, p95: 3.08 },
  eventualRead: { mean: 1.91, p95: 2.48 },
};

/** @architect/functions asks Systems Manager Parameter Store for the names of its tables. This stands in for it. */
export const architectTable = "bench-architect";
const parameters = JSON.stringify({
  Parameters: [{ Name: `/App/tables/${architectTable}`, Value: architectTable, Type: "String" }],
});
const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${parameters.length}`;
const parameterStore = `${head}\r\n\r\n${parameters}`;

/** DynamoDB calls and the units that the engine reports. */
export interface Units {
  calls: number;
  read: number;
  write: number;
}

const ask = '{"ReturnConsumedCapacity":"TOTAL",';
/** Adds a parameter to a request. The engines don't verify its signature. */
const askForUnits = (request: string) =>
  request
    .replace(/(?<=content-length: )\d+/i, (length) => `${Number(length) + ask.length - 1}`)
    .replace("\r\n\r\n{", `\r\n\r\n${ask}`);

/** A number from the log-normal distribution with this mean and 95th percentile. */
function draw({ mean, p95 }: { mean: number; p95: number }): number {
  const z95 = 1.6449;
  const sigma = z95 - Math.sqrt(z95 ** 2 - 2 * Math.log(p95 / mean));
  // Box-Muller transform: two uniform numbers make a normal one.
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return mean * Math.exp(sigma * normal - sigma ** 2 / 2);
}

function delayOf(operation: string, request: string): number {
  if (operation !== "Get") return draw(MEASURED.write);
  return draw(MEASURED[/"ConsistentRead": ?true/.test(request) ? "strongRead" : "eventualRead"]);
}

export type Network = Awaited<ReturnType<typeof startNetwork>>;

/** Starts the network in front of an engine. The certificate that functions must trust is stored in the folder. */
export async function startNetwork(engine: URL, folder: string) {
  /** While it exists, the engine is asked for the units of each call. */
  let units: Units | undefined;

  /** Forwards bytes without TLS. Parsing HTTP properly would take as much CPU time as some contenders. */
  function relay(client: TLSSocket): void {
    /** An engine may close its side while a contender waits for its turn. Then the next request opens it again. */
    let upstream: Socket | undefined;
    let [request, response, operation, answerAt] = ["", "", "", 0];
    let timer: NodeJS.Timeout | undefined;
    const respond = () => {
      timer = undefined;
      client.write(response);
      const [, amount] = /"CapacityUnits": ?([\d.]+)/.exec(response) ?? [];
      if (units && amount) units[operation === "Get" ? "read" : "write"] += Number(amount);
      response = "";
    };
    client.on("data", (chunk) => {
      if (!request) answerAt = performance.now();
      request += chunk;
      if (!request.endsWith("}")) return;
      [, operation = ""] = /^x-amz-target: DynamoDB_\w+\.(\w+)Item\r$/im.exec(request) ?? [];
      if (operation) {
        answerAt += delayOf(operation, request);
        upstream ??= connect({ host: engine.hostname, port: Number(engine.port || 80), noDelay: true })
          .on("data", onData)
          .on("error", () => {})
          .on("close", () => {
            upstream = undefined;
          });
        upstream.write(units ? askForUnits(request) : request);
        if (units) units.calls++;
      } else client.write(parameterStore);
      request = "";
    });
    const onData = (chunk: Buffer) => {
      response += chunk;
      // The engine's own time is part of the delay. Timers take whole milliseconds, so round: that is right on average.
      const wait = Math.round(answerAt - performance.now());
      if (wait > 0) timer ??= setTimeout(respond, wait);
      else if (!timer) respond();
    };
    client.setNoDelay();
    client.on("error", () => {}).on("close", () => upstream?.destroy());
  }

  const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], {
    algorithm: "sha256",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
  });
  const certificate = join(folder, "certificate.pem");
  writeFileSync(certificate, cert);
  const server = createServer({ key, cert }, relay);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    endpoint: { url: `https://localhost:${(server.address() as AddressInfo).port}`, certificate },
    /** What the requests consume that `run` makes. */
    async meter(run: () => Promise<unknown>): Promise<Units> {
      units = { calls: 0, read: 0, write: 0 };
      const measured = units;
      await run();
      units = undefined;
      return measured;
    },
  };
}
