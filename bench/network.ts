// The network between function and table: a TLS proxy in a process of its own that answers as late as DynamoDB does in AWS.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { generate } from "selfsigned";
import { announce, startProcess } from "./processes";
import { createRandom } from "./random";

/**
 * Mean and 95th percentile in milliseconds, from the request to its answer: items of 370 bytes, from an EC2 instance in
 * the table's region, us-east-1, in September 2026. UpdateItem was not measured; it is taken to be as slow as PutItem.
 * https://github.com/rhoulihan/dynamodb-latency-harness/blob/0bf08796d9e2bef28b2b0546009583d675b3e3f7/docs/meli-results.md
 */
const MEASURED = {
  write: { mean: 3.74, p95: 4.58 },
  strongRead: { mean: 2.27, p95: 3.08 },
  eventualRead: { mean: 1.91, p95: 2.48 },
};
type Kind = keyof typeof MEASURED;

/** A log-normal distribution that has this mean and this 95th percentile. */
export function distribution({ mean, p95 }: { mean: number; p95: number }) {
  const z95 = 1.6449;
  const sigma = z95 - Math.sqrt(z95 ** 2 - 2 * Math.log(p95 / mean));
  const median = mean / Math.exp(sigma ** 2 / 2);
  return { at: (z: number) => median * Math.exp(sigma * z), median, p99: median * Math.exp(2.3263 * sigma) };
}

/** What the delays amount to, in milliseconds. */
export const delays = Object.fromEntries(
  Object.entries(MEASURED).map(([kind, measured]) => [kind, distribution(measured)]),
) as Record<Kind, ReturnType<typeof distribution>>;

export async function startNetwork(endpoint: string) {
  const { message, close } = await startProcess<{ endpoint: string; certificate: string }>(__filename, [
    endpoint,
  ]);
  return { ...message, close };
}

/** Delays for one operation on one table. Each has the same sequence, so all contenders meet the same luck. */
function createDelays(kind: Kind): () => number {
  const random = createRandom(1);
  // Box-Muller: two uniform numbers make a normal one.
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

/** Passes bytes on, and takes TLS off: reading HTTP properly would cost as much CPU time as some contenders. */
function relay(client: TLSSocket, engine: Socket): void {
  let request = "";
  let start = 0;
  /** What of an answer has arrived before it may leave. */
  let held: Buffer[] | undefined;
  client.on("data", (chunk) => {
    if (!request) start = performance.now();
    request += chunk;
    engine.write(chunk);
  });
  engine.on("data", (chunk: Buffer) => {
    if (held) return held.push(chunk);
    // The engine's own time is part of the delay. A timer takes whole milliseconds: rounded, it is right on average.
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
