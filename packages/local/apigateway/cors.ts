// Cross-origin requests: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html

import type { IncomingMessage } from "node:http";
import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { fits } from "../iam/policy";
import type { GatewayResponse } from "./payload";

export type Cors = pulumi.Unwrap<aws.types.input.apigatewayv2.ApiCorsConfiguration>;

/** The headers for a request, which differ for a preflight request. An origin that isn't allowed gets none. */
export function corsHeaders(cors: Cors, { method, headers: { origin } }: IncomingMessage) {
  const allowed = cors.allowOrigins?.find((pattern) => origin && fits(pattern, origin));
  if (!allowed) return {};
  const headers = {
    "access-control-allow-origin": allowed === "*" ? allowed : origin,
    "access-control-allow-credentials": cors.allowCredentials || undefined,
    ...(method === "OPTIONS"
      ? {
          "access-control-allow-headers": cors.allowHeaders?.join(","),
          "access-control-allow-methods": cors.allowMethods?.join(","),
          "access-control-max-age": cors.maxAge,
        }
      : { "access-control-expose-headers": cors.exposeHeaders?.join(",") }),
  };
  const set = Object.entries(headers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set.map(([name, value]) => [name, String(value)]));
}

/** A function's response with the gateway's headers in place of the function's own. */
export function withCors(response: GatewayResponse, cors: Cors, request: IncomingMessage): GatewayResponse {
  const own = Object.entries(response.headers).filter(([name]) => !name.startsWith("access-control-"));
  return { ...response, headers: { ...Object.fromEntries(own), ...corsHeaders(cors, request) } };
}
