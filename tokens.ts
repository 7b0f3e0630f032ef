import { createHash, randomBytes, randomUUID } from "node:crypto";

/** A kind of token, which is what the cookie holds. The session's id, its key in the table, is derived from it. */
export interface Tokens {
  issue(): string;
  /** Whether a text looks like an issued token. */
  accepts(text: string): boolean;
  idOf(token: string): string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const SECRET = /^[\w-]{43}$/;

/** The token is the id: a UUID of version 4, with 122 random bits. */
export const uuids: Tokens = {
  issue: () => randomUUID(),
  accepts: (text) => UUID.test(text),
  idOf: (token) => token,
};

/**
 * The token is 256 random bits in base64url, the id their SHA-256 in hex: nobody can make a token from an id in the table or
 * on the page. Nor does the duration of a lookup say anything about tokens.
 */
export const secrets: Tokens = {
  issue: () => randomBytes(32).toString("base64url"),
  accepts: (text) => SECRET.test(text),
  idOf: (token) => createHash("sha256").update(token).digest("hex"),
};
