// The network between function and table: a TLS proxy that responds as late as DynamoDB does on AWS.

import { writeFileSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { generate } from "selfsigned";

/**
 * The units that DynamoDB charges for items of up to 1 KB, and the time from the request to its response: mean and 95th
 * percentile in milliseconds, for items of 370 bytes and an EC2 instance in us-east-1, in September 2026. UpdateItem
 * was not measured, so it gets PutItem's figures. Source:
 * docs/meli-results.md in https://github.com/rhoulihan/dynamodb-latency-harness, commit 0bf08796.
 */
const CALLS = {
  write: { read: 0, write: 1, mean: 3.74, p95: 4.58 },
  strongRead: { read: 1, write: 0, mean: 2.27, p95: 3.08 },
  eventualRead: { read: 0.5, write: 0, mean: 1.91, p95: 2.48 },
};

/** @architect/functions asks Systems Manager Parameter Store for the names of its tables. This stands in for it. */
export const architectTable = "bench-architect";
const parameters = JSON.stringify({
  Parameters: [{ Name: `/App/tables/${architectTable}`, Value: architectTable, Type: "String" }],
});
const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${parameters.length}`;
const parameterStore = `${head}\r\n\r\n${parameters}`;

type Call = (typeof CALLS)[keyof typeof CALLS];

/** A number from the log-normal distribution with this mean and 95th percentile. */
function draw({ mean, p95 }: Call): number {
  const z95 = 1.6449;
  const sigma = z95 - Math.sqrt(z95 ** 2 - 2 * Math.log(p95 / mean));
  // Box-Muller transform: two uniform numbers make a normal one.
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return mean * Math.exp(sigma * normal - sigma ** 2 / 2);
}

function callIn(request: string): Call {
  if (!/^x-amz-target: DynamoDB_\w+\.GetItem\r$/im.test(request)) return CALLS.write;
  return CALLS[/"ConsistentRead": ?true/.test(request) ? "strongRead" : "eventualRead"];
}

export type Network = Awaited<ReturnType<typeof startNetwork>>;

/** Starts the network in front of an engine. The certificate that functions must trust is stored in the folder. */
export async function startNetwork(enginePort: number, folder: string) {
  let units = { calls: 0, read: 0, write: 0 };

  /** Forwards bytes without TLS. Parsing HTTP properly would take as much CPU time as some contenders. */
  function relay(client: TLSSocket): void {
    let [request, response, answerAt] = ["", "", 0];
    let timer: NodeJS.Timeout | undefined;
    const respond = () => {
      timer = undefined;
      client.write(response);
      response = "";
    };
    client.on("data", (chunk) => {
      if (!request) answerAt = performance.now();
      request += chunk;
      if (!request.endsWith("}")) return;
      if (request.includes("DynamoDB_")) {
        const call = callIn(request);
        units = { calls: units.calls + 1, read: units.read + call.read, write: units.write + call.write };
        answerAt += draw(call);
        upstream.write(request);
      } else client.write(parameterStore);
      request = "";
    });
    const upstream = connect({ host: "127.0.0.1", port: enginePort, noDelay: true }).on("data", (chunk) => {
      response += chunk;
      // The engine's own time is part of the delay. Timers take whole milliseconds, so round: that is right on average.
      const wait = Math.round(answerAt - performance.now());
      if (wait > 0) timer ??= setTimeout(respond, wait);
      else if (!timer) respond();
    });
    upstream.on("close", () => client.destroy());
    client.setNoDelay();
    client.on("error", () => {}).on("close", () => upstream.destroy());
  }

  const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], {
    algorithm: "sha256",
  });
  const certificate = join(folder, "certificate.pem");
  writeFileSync(certificate, cert);
  const server = createServer({ key, cert }, relay);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    endpoint: { url: `https://localhost:${(server.address() as AddressInfo).port}`, certificate },
    /** What the requests consume that `run` makes. */
    async meter(run: () => Promise<unknown>) {
      units = { calls: 0, read: 0, write: 0 };
      await run();
      return units;
    },
  };
}
