import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** What happens to a request on its way to DynamoDB, or to the answer on its way back. */
export type Fault =
  /** Carried out, and answered after so many milliseconds. */
  | { delay: number }
  /** Carried out, and the connection is lost before the answer. */
  | "lose the answer"
  /** Carried out, and answered with an error all the same. */
  | "fail afterwards"
  /** The connection is reset before anything happens. */
  | "reset"
  | "server error"
  | "unavailable"
  | "throttle"
  | "refuse"
  /** Nothing happens, and nothing is answered. */
  | "silence"
  /** Carried out; of the answer, half arrives. */
  | "stall";

export interface FaultProxy {
  endpoint: string;
  /** How many requests came through. */
  requests: number;
  /** Whose they were, as in `access-key-id/us-east-1`. */
  callers: Set<string>;
  /** Chooses what happens to the next request; `undefined` lets it pass. */
  nextFault: () => Fault | undefined;
  close(): void;
}

const errors: Partial<Record<Fault & string, [status: number, type: string]>> = {
  "fail afterwards": [500, "InternalServerError"],
  "server error": [500, "InternalServerError"],
  unavailable: [503, "ServiceUnavailable"],
  throttle: [400, "ProvisionedThroughputExceededException"],
  refuse: [400, "AccessDeniedException"],
};

/** Stands between a client and the DynamoDB at `endpoint`, and lets things go wrong. */
export async function startFaultProxy(endpoint: string): Promise<FaultProxy> {
  const server = createServer(async (request, response) => {
    proxy.requests += 1;
    const [, key, region] =
      /Credential=([^/]+)\/\d+\/([^/]+)/.exec(request.headers.authorization ?? "") ?? [];
    proxy.callers.add(`${key}/${region}`);
    const body = Buffer.concat(await request.toArray());
    const fault = proxy.nextFault();
    if (fault === "silence") return;
    if (fault === "reset") return request.socket.resetAndDestroy();

    const isCarriedOut =
      typeof fault !== "string" || ["lose the answer", "fail afterwards", "stall"].includes(fault);
    const answer = isCarriedOut ? await send(endpoint, request, body) : undefined;
    if (fault === "lose the answer") return request.socket.destroy();
    if (fault === "stall" && answer) {
      response.writeHead(answer.status, {
        "content-type": "application/x-amz-json-1.0",
        "content-length": answer.body.length,
      });
      return response.write(answer.body.subarray(0, answer.body.length / 2));
    }
    if (typeof fault === "object") await wait(fault.delay);
    const error = typeof fault === "string" ? errors[fault] : undefined;
    if (error) return fail(response, ...error);
    response
      .writeHead(answer?.status ?? 500, { "content-type": "application/x-amz-json-1.0" })
      .end(answer?.body);
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
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: answer.statusCode ?? 500, body: Buffer.concat(await answer.toArray()) };
}

function fail(response: ServerResponse, status: number, type: string) {
  const body = JSON.stringify({
    __type: `com.amazonaws.dynamodb.v20120810#${type}`,
    message: "made by a test",
  });
  response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(body);
}
