import type { IncomingMessage } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { Outcome } from "../lambda/instance";
import { type Cors, corsHeaders, withCors } from "./cors";
import { type GatewayResponse, toEvent, toResponse } from "./payload";
import { findRoute } from "./routes";

/** An HTTP API as the program declares it. What has a `variant` is not emulated; it names its kind, in the plural. */
export interface Api {
  id: string;
  endpoint: string;
  executionArn: string;
  variant?: string;
  cors?: Cors;
  /** By the targets of routes. */
  integrations: Map<string, Integration>;
  routes: { routeKey: string; target?: string; variant?: string }[];
  /** By name: whether a stage lets another request pass at a time, in milliseconds. */
  stages: Map<string, (now: number) => boolean>;
}

export interface Integration {
  functionArn: string;
  timeoutMilliseconds: number;
  variant?: string;
}

/** Invokes a function for the route whose ARN is `sourceArn`. */
export type InvokeFunction = (functionArn: string, event: object, sourceArn: string) => Promise<Outcome>;

export interface Answer extends GatewayResponse {
  error?: string;
  coldStart?: boolean;
}

const refuse = (statusCode: number, message: string, error?: string): Answer => ({
  statusCode,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ message }),
  error,
});

/** Answers a request to an API: finds the stage and the route, and invokes the function behind it. */
export async function answerRequest(
  api: Api,
  request: IncomingMessage,
  requestId: string,
  body: Buffer,
  invokeFunction: InvokeFunction,
): Promise<Answer> {
  const { method = "", url = "/" } = request;
  if (api.variant) return refuse(501, `The local run doesn't emulate ${api.variant}.`);

  const path = decodePath(url);
  if (path === undefined) return refuse(400, "Bad Request", "the path is not percent-encoded correctly");
  if (api.cors && method === "OPTIONS") {
    return { statusCode: 204, headers: corsHeaders(api.cors, request), body: "" };
  }
  const [, first = ""] = path.split("/");
  const stage = first !== "$default" && api.stages.has(first) ? first : "$default";
  const isPassing = api.stages.get(stage);
  const stagePath = stage === "$default" ? path : path.slice(first.length + 1) || "/";
  const match = isPassing && findRoute(api.routes, method, stagePath);
  if (!match) return refuse(404, "Not Found");

  if (!isPassing(performance.now())) return refuse(429, "Too Many Requests", "throttled");
  const { pathParameters, route } = match;
  const { routeKey, target, variant } = route;
  const integration = api.integrations.get(target ?? "");
  const unknown = variant ?? integration?.variant;
  if (unknown) return refuse(501, `The local run doesn't emulate ${unknown}.`);
  if (!integration) return refuse(500, "Internal Server Error", "the route has no integration");

  const { functionArn, timeoutMilliseconds } = integration;
  const event = toEvent(request, body, { apiId: api.id, path, requestId, stage, routeKey, pathParameters });
  const routePath = routeKey === "$default" ? routeKey : `${method}${routeKey.slice(routeKey.indexOf("/"))}`;
  const answered = new AbortController();
  // When the gateway gives up, the function keeps running.
  const outcome = await Promise.race([
    invokeFunction(functionArn, event, `${api.executionArn}/${stage}/${routePath}`),
    wait(timeoutMilliseconds, undefined, { signal: answered.signal, ref: false }),
  ]);
  answered.abort();
  if (!outcome) return refuse(503, "Service Unavailable", "the integration timed out");
  return { ...toAnswer(outcome, api, request), coldStart: outcome.coldStart };
}

/**
 * A URL's path as HTTP APIs decode it: twice, and up to an encoded question mark. AWS's answers to such paths are in
 * https://github.com/hotsock/voker/blob/main/vokerhttp/testdata/ingress-paths.json
 *
 * @returns `undefined` for a path that the gateway refuses
 */
function decodePath(url: string): string | undefined {
  try {
    const [encoded = ""] = url.split("?");
    const [decoded = ""] = decodeURIComponent(encoded).split("?");
    return decodeURIComponent(decoded);
  } catch {
    return undefined;
  }
}

function toAnswer(outcome: Outcome, { cors }: Api, request: IncomingMessage): Answer {
  if ("error" in outcome) {
    const { errorType, errorMessage } = outcome.error;
    if (errorType === "NotEmulated") return refuse(501, errorMessage);
    return errorType === "RequestEntityTooLargeException"
      ? refuse(413, "Request Entity Too Large", errorMessage)
      : refuse(500, "Internal Server Error", `${errorType}: ${errorMessage}`);
  }
  const response = toResponse(outcome.result);
  if (!response) return refuse(500, "Internal Server Error", "the function's result is not an HTTP response");
  return cors ? withCors(response, cors, request) : response;
}
