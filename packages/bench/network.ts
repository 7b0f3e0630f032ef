// The network between function and table: a TLS proxy in its own process that responds as late as DynamoDB does on AWS.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { generate } from "selfsigned";
import { announce, startProcess } from "./processes";
import { createRandom } from "./random";

/**
 * Mean and 95th percentile in milliseconds, from the request to its response, for items of 370 bytes and an EC2
 * instance in the table's region, us-east-1, in September 2026. UpdateItem was not measured, so it gets PutItem's figures.
 * https://github.com/rhoulihan/dynamodb-latency-harness/blob/0bf08796d9e2bef28b2b0546009583d675b3e3f7/docs/meli-results.md
 */
const MEASURED = {
  write: { mean: 3.74, p95: 4.58 },
  strongRead: { mean: 2.27, p95: 3.08 },
  eventualRead: { mean: 1.91, p95: 2.48 },
};
type Kind = keyof typeof MEASURED;

/** The log-normal distribution with this mean and 95th percentile. */
export function distribution({ mean, p95 }: { mean: number; p95: number }) {
  const z95 = 1.6449;
  const sigma = z95 - Math.sqrt(z95 ** 2 - 2 * Math.log(p95 / mean));
  const median = mean / Math.exp(sigma ** 2 / 2);
  return { at: (z: number) => median * Math.exp(sigma * z), median, p99: median * Math.exp(2.3263 * sigma) };
}

/** The delays' distributions, in milliseconds. */
export const delays = Object.fromEntries(
  Object.entries(MEASURED).map(([kind, measured]) => [kind, distribution(measured)]),
) as Record<Kind, ReturnType<typeof distribution>>;

export async function startNetwork(endpoint: string) {
  const { message, close } = await startProcess<{ endpoint: string; certificate: string }>(__filename, [
    endpoint,
  ]);
  return { ...message, close };
}

/** Delays for one operation on one table. The sequence is the same for all, so every contender gets the same delays. */
function createDelays(kind: Kind): () => number {
  const random = createRandom(1);
  // Box-Muller transform: two uniform numbers make a normal one.
  return () => delays[kind].at(Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()));
}

const sequences = new Map<string, () => number>();

function nextDelay(request: string): number {
  const [, operation = ""] = /^x-amz-target: \S+\.((?:Get|Put|Update|Delete)Item)\r$/im.exec(request) ?? [];
  if (!operation) return 0;
  const read = /"ConsistentRead": ?true/.test(request) ? "strongRead" : "eventualRead";
  const key = `${operation} ${/"TableName": ?"([^"]+)"/.exec(request)?.[1]}`;
  const next = sequences.get(key) ?? createDelays(operation === "GetItem" ? read : "write");
  sequences.set(key, next);
  return next();
}

/** Forwards bytes without TLS. Parsing HTTP properly would take as much CPU time as some contenders. */
function relay(client: TLSSocket, engine: Socket): void {
  let request = "";
  let start = 0;
  /** The part of a response that is being held back. */
  let held: Buffer[] | undefined;
  client.on("data", (chunk) => {
    if (!request) start = performance.now();
    request += chunk;
    engine.write(chunk);
  });
  engine.on("data", (chunk: Buffer) => {
    if (held) return held.push(chunk);
    // The engine's own time is part of the delay. Timers take whole milliseconds, so round: that is right on average.
    const wait = request ? Math.round(start + nextDelay(request) - performance.now()) : 0;
    request = "";
    if (wait <= 0) return client.write(chunk);
    held = [chunk];
    setTimeout(() => {
      client.write(Buffer.concat(held ?? []));
      held = undefined;
    }, wait);
  });
  for (const [socket, other] of [
    [client, engine],
    [engine, client],
  ] as const) {
    socket.setNoDelay();
    socket.on("error", () => {}).on("close", () => other.destroy());
  }
}

async function serve({ hostname, port }: URL): Promise<void> {
  const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], {
    algorithm: "sha256",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
  });
  const server = createServer({ key, cert }, (client) => relay(client, connect(Number(port), hostname)));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  const certificate = join(folder, "certificate.pem");
  writeFileSync(certificate, cert);
  announce({ endpoint: `https://localhost:${(server.address() as AddressInfo).port}`, certificate });
}

if (require.main === module) serve(new URL(process.argv[2] ?? ""));
