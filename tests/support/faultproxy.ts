import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** What happens to a request to DynamoDB, or to its response. */
export type Fault =
  /** Executed, but the response comes after 1.5 seconds, and something else on the connection before. */
  | "respond late"
  /** Executed, but the connection closes before the response. */
  | "lose the response"
  /** Executed, but the response is an error. */
  | "fail afterwards"
  /** Not executed: the connection is reset. */
  | "reset"
  | "throttle"
  | "deny access"
  /** Not executed, and there is no response. */
  | "hang"
  /** Executed, but only half of the response arrives. */
  | "stall";

interface Reply {
  status: number;
  body: Buffer;
}

const errorOf = (status: number, type: string): Reply => ({
  status,
  body: Buffer.from(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}` })),
});
const serverError = errorOf(500, "InternalServerError");
const refusals: Partial<Record<string, Reply>> = {
  throttle: errorOf(400, "ProvisionedThroughputExceededException"),
  "deny access": errorOf(400, "AccessDeniedException"),
};

/** A proxy for the DynamoDB at `endpoint` that injects faults. */
export async function startFaultProxy(endpoint: string) {
  const proxy = {
    endpoint: "",
    /** The number of requests received. */
    requests: 0,
    /** Who sent them, such as `access-key-id/us-east-1`. */
    callers: new Set<string>(),
    /** Chooses the fault for the next request, or `undefined` for none. */
    nextFault: (): Fault | undefined => undefined,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  const server = createServer(async (request, response) => {
    proxy.requests += 1;
    const [, key, region] =
      /Credential=([^/]+)\/\d+\/([^/]+)/.exec(request.headers.authorization ?? "") ?? [];
    proxy.callers.add(`${key}/${region}`);
    // Chosen on arrival: by the time the body is complete, a test may have ended the faults.
    const fault = proxy.nextFault();
    const received = Buffer.concat(await request.toArray());
    if (fault === "hang") return;
    if (fault === "reset") return request.socket.resetAndDestroy();

    const reply = refusals[fault ?? ""] ?? (await send(endpoint, request, received));
    if (fault === "lose the response") return request.socket.destroy();
    if (fault === "respond late") {
      await wait(750);
      response.writeProcessing();
      await wait(750);
    }
    const { status, body } = fault === "fail afterwards" ? serverError : reply;
    response.writeHead(status, {
      "content-type": "application/x-amz-json-1.0",
      "content-length": body.length,
    });
    if (fault === "stall") response.write(body.subarray(0, body.length / 2));
    else response.end(body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  proxy.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}

export type FaultProxy = Awaited<ReturnType<typeof startFaultProxy>>;

async function send(endpoint: string, { method, headers }: IncomingMessage, body: Buffer): Promise<Reply> {
  const outgoing = forward(endpoint, { method, headers }).end(body);
  const [reply] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: reply.statusCode ?? 500, body: Buffer.concat(await reply.toArray()) };
}
