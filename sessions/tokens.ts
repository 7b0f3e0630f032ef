import { createHash, randomBytes, randomUUID } from "node:crypto";
import { parseCookie } from "cookie";

/** The cookies of a request: an event's `cookies`, or a `Cookie` header. */
export type Cookies = string | readonly string[] | undefined;

/** The cookie's value is a token. The session's id, its key in the table, is derived from it. */
export interface Tokens {
  issue(): string;
  idOf(token: string): string;
  /** Whether a text is a well-formed token. */
  accepts(text: string): boolean;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const SECRET = /^[\w-]{43}$/;

/** The token is the id: a version 4 UUID, with 122 random bits. */
export const plainTokens: Tokens = {
  issue: () => randomUUID(),
  idOf: (token) => token,
  accepts: (text) => UUID.test(text),
};

/**
 * The token is 256 random bits in base64url, and the id is their SHA-256 in hex. Nobody can derive a token from an id
 * in the table or on a page, and the duration of a lookup reveals nothing about tokens.
 */
export const secretTokens: Tokens = {
  issue: () => randomBytes(32).toString("base64url"),
  idOf: (token) => createHash("sha256").update(token).digest("hex"),
  accepts: (text) => SECRET.test(text),
};

// A page on a sibling domain can add cookies of this name, and each costs a call to DynamoDB.
const MAX_TOKENS = 4;

/** Returns the well-formed tokens in the cookies with this name. Values are used as sent and never decoded. */
export function findTokens(cookies: Cookies = [], name: string, { accepts }: Tokens): string[] {
  const pairs = typeof cookies === "string" ? cookies.split(";") : cookies;
  const found = pairs
    .map((pair) => parseCookie(pair, { decode: (value) => value })[name] ?? "")
    .filter(accepts);
  return [...new Set(found)].slice(0, MAX_TOKENS);
}
