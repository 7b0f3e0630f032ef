// Payload format 2.0.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { createTraceRoot } from "../lambda/instance";
import { ACCOUNT_ID } from "../pulumi/resource";

/** What the gateway knows about a request. */
interface GatewayContext {
  apiId: string;
  /** Decoded. */
  path: string;
  requestId: string;
  stage: string;
  routeKey: string;
  pathParameters?: Record<string, string>;
}

/** Its `Set-Cookie` header is an array, so that each cookie is sent in a header of its own. */
export interface GatewayResponse {
  statusCode: number;
  headers: OutgoingHttpHeaders;
  body: Buffer | string;
}

/** Headers about the connection, which a function can't set: the gateway sends its own. */
const CONNECTION_HEADERS = new Set(
  "connection content-length keep-alive proxy-connection te trailer transfer-encoding upgrade".split(" "),
);

export function toEvent(
  request: IncomingMessage,
  body: Buffer,
  { apiId, path, requestId, stage, routeKey, pathParameters }: GatewayContext,
): APIGatewayProxyEventV2 {
  const [, ...rest] = (request.url ?? "/").split("?");
  const rawQueryString = rest.join("?");
  const parameters = new URLSearchParams(rawQueryString);
  const time = new Date();
  const { cookie, ...headers } = Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(",")]),
  );
  const cookies = request.headersDistinct.cookie?.flatMap((line) => line.split(/; */)).filter(Boolean);
  const sourceIp = request.socket.remoteAddress ?? "";
  const domainName = headers.host?.replace(/:\d+$/, "") ?? "";
  const query = [...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name).join(",")]);
  const isBase64Encoded = body.length > 0 && !isText(headers["content-type"]);
  return {
    version: "2.0",
    routeKey,
    rawPath: path,
    rawQueryString,
    ...(cookie && { cookies }),
    headers: {
      ...headers,
      "content-length": String(body.length),
      "x-amzn-trace-id": headers["x-amzn-trace-id"] ?? createTraceRoot(),
      "x-forwarded-for": sourceIp,
      "x-forwarded-port": String(request.socket.localPort),
      "x-forwarded-proto": "http",
    },
    ...(query.length > 0 && { queryStringParameters: Object.fromEntries(query) }),
    requestContext: {
      accountId: ACCOUNT_ID,
      apiId,
      domainName,
      domainPrefix: domainName.split(".")[0] ?? "",
      http: {
        method: request.method ?? "",
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers["user-agent"] ?? "",
      },
      requestId,
      routeKey,
      stage,
      time: commonLogTime(time),
      timeEpoch: time.getTime(),
    },
    ...(pathParameters && { pathParameters }),
    ...(body.length > 0 && { body: body.toString(isBase64Encoded ? "base64" : "utf8") }),
    isBase64Encoded,
  };
}

/**
 * The response that a function returned as JSON, or `undefined` if it isn't valid: the gateway then answers 500.
 */
export function toResponse(json: string): GatewayResponse | undefined {
  const result = JSON.parse(json);
  if (typeof result !== "object" || result === null || result.statusCode === undefined) {
    const body = typeof result === "string" ? result : json;
    return { statusCode: 200, headers: { "content-type": "application/json" }, body };
  }
  const statusCode = Number(result.statusCode);
  if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599) return undefined;
  const headers: OutgoingHttpHeaders = { "content-type": "text/plain;charset=UTF-8" };
  for (const [name, value] of Object.entries(result.headers ?? {})) {
    if (typeof value === "object") return undefined;
    if (!CONNECTION_HEADERS.has(name.toLowerCase())) headers[name.toLowerCase()] = String(value);
  }
  if (result.cookies) headers["set-cookie"] = result.cookies;
  if (typeof (result.body ?? "") !== "string") return undefined;
  const body = Buffer.from(result.body ?? "", result.isBase64Encoded ? "base64" : "utf8");
  return { statusCode, headers, body };
}

/** Other content reaches the function in base64. */
const isText = (contentType = "") => /^(text\/|application\/(json|javascript|xml) *(;|$))/i.test(contentType);

/** As in `22/Nov/2026:13:04:05 +0000`. */
const commonLogTime = (time: Date) => {
  const [, day, month, year, clock] = time.toUTCString().split(" ");
  return `${day}/${month}/${year}:${clock} +0000`;
};
