// A function of an Architect application: `@architect/functions` reads and writes the session around it.

import { http } from "@architect/functions";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import type { Handler } from "./function";

/** Its types only have the older payload format. */
type Request = APIGatewayProxyEventV2 & { session: Record<string, number> };

export const handler = http.async(async (request) => {
  const { session, rawPath, rawQueryString } = request as unknown as Request;
  if (rawPath === "/read") return { text: Object.keys(session).join() };
  const name = rawQueryString || "counter";
  const changed = { ...session, [name]: (session[name] ?? 0) + 1 };
  return { session: changed, text: `counter: ${changed.counter}` };
}) as unknown as Handler;
