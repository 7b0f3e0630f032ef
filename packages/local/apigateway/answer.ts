import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { Outcome } from "../lambda/instance";
import { type Cors, corsHeaders, withCors } from "./cors";
import { type GatewayResponse, toEvent, toResponse } from "./payload";
import { decodePath, headBytes, MAX_HEAD_BYTES } from "./request";
import { findRoute } from "./routes";

/** Something that may be of a kind that is not emulated: `variant` then says what it is, in words, to be answered with. */
interface Emulated {
  variant?: string;
}

/** An HTTP API as the program declares it. */
export interface Api extends Emulated {
  id: string;
  accountId: string;
  executionArn: string;
  cors?: Cors;
  /** By id. */
  integrations: Map<string, Integration>;
  routes: Route[];
  /** By name. */
  stages: Map<string, Stage>;
}

export interface Route extends Emulated {
  routeKey: string;
  target?: string;
}

export interface Integration extends Emulated {
  functionArn: string;
  timeoutMilliseconds: number;
}

export interface Stage {
  /** Whether another request may pass at a time, in milliseconds. */
  throttle: (now: number) => boolean;
  accessLogFormat?: string;
}

/** Invokes a function for the route whose ARN is `sourceArn`. */
export type InvokeFunction = (functionArn: string, event: object, sourceArn: string) => Promise<Outcome>;

export interface Answer extends GatewayResponse, Progress {
  /** Why the gateway answered instead of the function, if it did. */
  error?: string;
}

/** What is known of a request depends on how far it got. */
interface Progress {
  requestId: string;
  stage?: string;
  routeKey?: string;
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
 * @param body `undefined` if it is larger than the gateway takes
 */
export async function answerRequest(
  api: Api,
  request: IncomingMessage,
  body: Buffer | undefined,
  invokeFunction: InvokeFunction,
): Promise<Answer> {
  const progress: Progress = { requestId: randomBytes(11).toString("base64") };
  const refuse = (statusCode: number, message: string, error?: string): Answer => ({
    statusCode,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message }),
    ...progress,
    error,
  });
  const refuseVariant = (variant: string) => refuse(501, `The local run doesn't emulate ${variant}.`);
  const { requestId } = progress;
  const { method = "" } = request;
  // A client that takes the API for a proxy names it in the request line.
  request.url = request.url?.replace(/^https?:\/\/[^/?]*\/?/i, "/");

  if (headBytes(request) > MAX_HEAD_BYTES) {
    const error = `the request line and headers exceed ${MAX_HEAD_BYTES} bytes`;
    return refuse(431, "Request Header Fields Too Large", error);
  }
  if (!body) return refuse(413, "Request Entity Too Large", "the body is over 10 MB");

  if (api.variant) return refuseVariant(api.variant);
  const path = decodePath(request.url ?? "/");
  if (path === undefined) return refuse(400, "Bad Request", "the path is not percent-encoded correctly");
  if (api.cors && method === "OPTIONS") {
    return { statusCode: 204, headers: corsHeaders(api.cors, request), body: "", ...progress };
  }
  const [, first = ""] = path.split("/");
  const stageName = first !== "$default" && api.stages.has(first) ? first : "$default";
  progress.stage = stageName;
  const stage = api.stages.get(stageName);
  const stagePath = stageName === "$default" ? path : path.slice(first.length + 1) || "/";
  const match = stage && findRoute(api.routes, method, stagePath);
  if (!match) return refuse(404, "Not Found");

  const { routeKey, target } = match.route;
  progress.routeKey = routeKey;
  if (!stage.throttle(performance.now())) return refuse(429, "Too Many Requests", "throttled");
  const integration = api.integrations.get(target?.replace(/^integrations\//, "") ?? "");
  const variant = match.route.variant ?? integration?.variant;
  if (variant) return refuseVariant(variant);
  if (!integration) return refuse(500, "Internal Server Error", "the route has no integration");

  const { accountId, id: apiId, executionArn } = api;
  const { pathParameters } = match;
  const event = toEvent(request, body, {
    path,
    accountId,
    apiId,
    requestId,
    routeKey,
    stage: stageName,
    pathParameters,
  });
  const routePath = routeKey === "$default" ? routeKey : `${method}${routeKey.slice(routeKey.indexOf("/"))}`;
  const start = performance.now();
  const { functionArn, timeoutMilliseconds } = integration;
  const answered = new AbortController();
  // When the gateway gives up, the function goes on.
  const outcome = await Promise.race([
    invokeFunction(functionArn, event, `${executionArn}/${stageName}/${routePath}`),
    wait(timeoutMilliseconds, undefined, { signal: answered.signal, ref: false }),
  ]);
  answered.abort();
  progress.integrationMilliseconds = performance.now() - start;
  if (!outcome) return refuse(503, "Service Unavailable", "the integration timed out");

  progress.coldStart = outcome.coldStart;
  progress.integrationRequestId = outcome.requestId;
  if ("error" in outcome) {
    const { errorType, errorMessage } = outcome.error;
    return errorType === "RequestEntityTooLargeException"
      ? refuse(413, "Request Entity Too Large", errorMessage)
      : refuse(500, "Internal Server Error", `${errorType}: ${errorMessage}`);
  }
  const response = toResponse(outcome.result);
  if (!response) return refuse(500, "Internal Server Error", "the function's result is not an HTTP response");
  return { ...(api.cors ? withCors(response, api.cors, request) : response), ...progress };
}
