import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { Outcome } from "../lambda/runtime";
import { type GatewayResponse, toEvent, toResponse } from "./payload";
import { headBytes, isDecodable, MAX_HEAD_BYTES, readBody } from "./request";
import { findRoute } from "./routes";

/** What the program declares of an HTTP API. */
export interface Api {
  id: string;
  accountId: string;
  executionArn: string;
  /** By id. */
  integrations: Map<string, Integration>;
  routes: { routeKey: string; target?: string }[];
  stages: Map<string, Stage>;
}

export interface Integration {
  functionArn: string;
  timeoutMilliseconds: number;
}

export interface Stage {
  /** Whether another request may pass at a time, in milliseconds. */
  throttle: (now: number) => boolean;
  accessLogFormat?: string;
}

/** Invokes a function for API Gateway: `sourceArn` is the route that it is invoked for. */
export type InvokeFunction = (functionArn: string, event: object, sourceArn: string) => Promise<Outcome>;

export interface Answer extends GatewayResponse {
  requestId: string;
  /** Undefined when the request got as far as neither. */
  stage?: string;
  routeKey?: string;
  /** Why the gateway answered in the function's place, if it did. */
  error?: string;
  /** The time that the function took, in milliseconds, if it was invoked. */
  integrationMilliseconds?: number;
  /** The request id of the function's invocation. */
  integrationRequestId?: string;
  /** Whether the function had to be started first. */
  coldStart?: boolean;
}

/**
 * Answers a request to an API: finds the stage and the route, and invokes the function behind it.
 *
 * @throws Error when the client goes away before its body is complete
 */
export async function answerRequest(
  api: Api,
  request: IncomingMessage,
  invokeFunction: InvokeFunction,
): Promise<Answer> {
  const requestId = randomBytes(11).toString("base64");
  // A client may take the API for a proxy, and name it in the request line.
  request.url = request.url?.replace(/^https?:\/\/[^/?]*\/?/i, "/");
  const method = request.method ?? "";
  const refuse = (statusCode: number, message: string, error?: string): Answer => ({
    statusCode,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message }),
    requestId,
    error,
  });

  const body = await readBody(request);
  if (headBytes(request) > MAX_HEAD_BYTES) {
    return refuse(
      431,
      "Request Header Fields Too Large",
      `request line and headers over ${MAX_HEAD_BYTES} bytes`,
    );
  }
  if (!body) return refuse(413, "Request Entity Too Large", "the body is over 10 MB");

  const [path = "/"] = (request.url ?? "/").split("?");
  if (!isDecodable(path)) return refuse(400, "Bad Request", "the path is not percent-encoded correctly");
  const [, first = ""] = path.split("/");
  const stageName = first !== "$default" && api.stages.has(first) ? first : "$default";
  const stage = api.stages.get(stageName);
  const stagePath = stageName === "$default" ? path : path.slice(first.length + 1) || "/";
  const match = stage && findRoute(api.routes, method, stagePath);
  if (!match) return { ...refuse(404, "Not Found"), stage: stageName };

  const { routeKey, target } = match.route;
  const refuseRoute = (...reason: Parameters<typeof refuse>) => ({
    ...refuse(...reason),
    stage: stageName,
    routeKey,
  });
  if (!stage.throttle(performance.now())) return refuseRoute(429, "Too Many Requests", "throttled");

  const integration = api.integrations.get(target?.replace(/^integrations\//, "") ?? "");
  if (!integration) return refuseRoute(500, "Internal Server Error", "the route has no integration");

  const event = toEvent(request, body, {
    accountId: api.accountId,
    apiId: api.id,
    requestId,
    routeKey,
    stage: stageName,
    pathParameters: match.pathParameters,
  });
  const routePath = routeKey === "$default" ? routeKey : `${method}${routeKey.slice(routeKey.indexOf("/"))}`;
  const start = performance.now();
  const { functionArn, timeoutMilliseconds } = integration;
  // The function goes on when the gateway has given up.
  const abort = new AbortController();
  const outcome = await Promise.race([
    invokeFunction(functionArn, event, `${api.executionArn}/${stageName}/${routePath}`),
    wait(timeoutMilliseconds, undefined, { signal: abort.signal, ref: false }),
  ]);
  abort.abort();
  const invoked = {
    coldStart: outcome?.coldStart,
    integrationRequestId: outcome?.requestId,
    integrationMilliseconds: performance.now() - start,
  };
  if (!outcome) {
    return { ...refuseRoute(503, "Service Unavailable", "the integration timed out"), ...invoked };
  }
  const failed = (error: string) => ({ ...refuseRoute(500, "Internal Server Error", error), ...invoked });
  if ("error" in outcome && outcome.error.errorType === "RequestEntityTooLargeException") {
    return { ...refuseRoute(413, "Request Entity Too Large", outcome.error.errorMessage), ...invoked };
  }
  if ("error" in outcome) return failed(`${outcome.error.errorType}: ${outcome.error.errorMessage}`);
  const response = toResponse(outcome.result);
  if (!response) return failed("the function's result is no HTTP response");
  return { ...response, requestId, stage: stageName, routeKey, ...invoked };
}
