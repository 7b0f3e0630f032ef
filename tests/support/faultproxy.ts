import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** What happens to a request to DynamoDB, or to its response. */
export type Fault =
  /** Executed, but the response is delayed by this many milliseconds. */
  | { delay: number }
  /** Executed, but the connection closes before the response. */
  | "lose the response"
  /** Executed, but the response is an error. */
  | "fail afterwards"
  /** Not executed: the connection is reset. */
  | "reset"
  | "server error"
  | "unavailable"
  | "throttle"
  | "deny access"
  /** Not executed, and there is no response. */
  | "hang"
  /** Executed, but only half of the response arrives. */
  | "stall";

export interface FaultProxy {
  endpoint: string;
  /** The number of requests received. */
  requests: number;
  /** Who sent them, such as `access-key-id/us-east-1`. */
  callers: Set<string>;
  /** Chooses the fault for the next request, or `undefined` for none. */
  nextFault: () => Fault | undefined;
  close(): void;
}

const errors: Partial<Record<Fault & string, [status: number, type: string]>> = {
  "fail afterwards": [500, "InternalServerError"],
  "server error": [500, "InternalServerError"],
  unavailable: [503, "ServiceUnavailable"],
  throttle: [400, "ProvisionedThroughputExceededException"],
  "deny access": [400, "AccessDeniedException"],
};

/** A proxy for the DynamoDB at `endpoint` that injects faults. */
export async function startFaultProxy(endpoint: string): Promise<FaultProxy> {
  const server = createServer(async (request, response) => {
    proxy.requests += 1;
    const [, key, region] =
      /Credential=([^/]+)\/\d+\/([^/]+)/.exec(request.headers.authorization ?? "") ?? [];
    proxy.callers.add(`${key}/${region}`);
    // Chosen on arrival: by the time the body is complete, a test may have ended the faults.
    const fault = proxy.nextFault();
    const body = Buffer.concat(await request.toArray());
    if (fault === "hang") return;
    if (fault === "reset") return request.socket.resetAndDestroy();

    const isExecuted =
      typeof fault !== "string" || ["lose the response", "fail afterwards", "stall"].includes(fault);
    const reply = isExecuted ? await send(endpoint, request, body) : undefined;
    if (fault === "lose the response") return request.socket.destroy();
    if (fault === "stall" && reply) {
      response.writeHead(reply.status, {
        "content-type": "application/x-amz-json-1.0",
        "content-length": reply.body.length,
      });
      return response.write(reply.body.subarray(0, reply.body.length / 2));
    }
    if (typeof fault === "object") await wait(fault.delay);
    const error = typeof fault === "string" ? errors[fault] : undefined;
    if (error) return fail(response, ...error);
    response
      .writeHead(reply?.status ?? 500, { "content-type": "application/x-amz-json-1.0" })
      .end(reply?.body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const proxy: FaultProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: 0,
    callers: new Set(),
    nextFault: () => undefined,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return proxy;
}

async function send(endpoint: string, { method, headers }: IncomingMessage, body: Buffer) {
  const outgoing = forward(endpoint, { method, headers }).end(body);
  const [reply] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: reply.statusCode ?? 500, body: Buffer.concat(await reply.toArray()) };
}

function fail(response: ServerResponse, status: number, type: string) {
  const body = JSON.stringify({
    __type: `com.amazonaws.dynamodb.v20120810#${type}`,
    message: "injected by a test",
  });
  response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(body);
}
