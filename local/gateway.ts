import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type GatewayResponse, toEvent, toResponse } from "./payload";
import { findRoute } from "./routes";
import type { Outcome } from "./runtime";

/** What the program declares of an HTTP API. */
export interface Api {
  id: string;
  accountId: string;
  /** The ARNs of functions, by integration id. */
  integrations: Map<string, string>;
  routes: { routeKey: string; target?: string }[];
  stages: Set<string>;
}

export type Invoke = (functionArn: string, event: object) => Promise<Outcome>;

export interface Answer extends GatewayResponse {
  /** Why the gateway answered in the function's place, if it did. */
  error?: string;
}

const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Answers a request to an API: finds the stage and the route, and invokes the function behind it. */
export async function answer(api: Api, request: IncomingMessage, invoke: Invoke): Promise<Answer> {
  const body = await readBody(request);
  if (!body) return refuse(413, "Request Entity Too Large", "the body is over 10 MB");

  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  const [, first = ""] = path.split("/");
  const stage = api.stages.has(first) ? first : "$default";
  const stagePath = stage === "$default" ? path : path.slice(first.length + 1) || "/";
  const match = api.stages.has(stage) ? findRoute(api.routes, request.method ?? "", stagePath) : undefined;
  if (!match) return refuse(404, "Not Found");

  const functionArn = api.integrations.get(match.route.target?.replace(/^integrations\//, "") ?? "");
  if (!functionArn) return refuse(500, "Internal Server Error", "the route has no integration");

  const event = toEvent(request, body, {
    accountId: api.accountId,
    apiId: api.id,
    requestId: randomUUID(),
    routeKey: match.route.routeKey,
    stage,
    pathParameters: match.pathParameters,
  });
  const outcome = await invoke(functionArn, event);
  if ("error" in outcome) {
    return refuse(500, "Internal Server Error", `${outcome.error.errorType}: ${outcome.error.errorMessage}`);
  }
  return (
    toResponse(outcome.result) ??
    refuse(500, "Internal Server Error", "the function's result is no HTTP response")
  );
}

const refuse = (statusCode: number, message: string, error?: string): Answer => ({
  statusCode,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ message }),
  error,
});

/** The whole body; `undefined` when it is longer than the gateway takes. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return length <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}
