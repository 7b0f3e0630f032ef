import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { contentSecurityPolicy, type Page } from "./pages";

export type Event = APIGatewayProxyEventV2;
export type Response = APIGatewayProxyStructuredResultV2;

const headers = {
  "cache-control": "no-store",
  "content-security-policy": contentSecurityPolicy,
  "content-type": "text/html; charset=utf-8",
  // With "no-referrer", browsers would send "origin: null" with our own forms.
  "referrer-policy": "same-origin",
  "strict-transport-security": "max-age=63072000",
  "x-content-type-options": "nosniff",
};

export const respond = (
  statusCode: number,
  cookie?: string,
  more: Record<string, string> = {},
): Response => ({
  statusCode,
  headers: { ...headers, ...more },
  ...(cookie && { cookies: [cookie] }),
});

export const page = (status: number, { text }: Page, cookie?: string): Response => ({
  ...respond(status, cookie),
  body: text,
});

/** After a form, so that reloading the page doesn't send it again. */
export const redirect = (location: string, cookie?: string) => respond(303, cookie, { location });

/** A form's fields. API Gateway encodes the body in Base64. */
export const formOf = ({ body = "", isBase64Encoded }: Pick<Event, "body" | "isBase64Encoded">) =>
  new URLSearchParams(Buffer.from(body, isBase64Encoded ? "base64" : "utf8").toString());

/**
 * Whether a request may change something. Other sites' pages must not: their forms come without the cookie, but the
 * response could delete or replace it. Older browsers don't send `sec-fetch-site`. Bots must not, either.
 */
export function mayChange({
  "sec-fetch-site": site,
  origin,
  host,
  "user-agent": agent = "bot",
}: Event["headers"]): boolean {
  const isOurs = site
    ? site === "same-origin" || site === "none"
    : !origin || origin.split("://")[1] === host;
  return isOurs && !/bot|crawl|spider|monitor/i.test(agent);
}
