import { createHash, randomBytes, randomUUID } from "node:crypto";

/** A kind of token. The cookie contains the token; the session's id, its key in the table, is derived from it. */
export interface Tokens {
  issue(): string;
  /** Whether a text is a well-formed token. */
  accepts(text: string): boolean;
  idOf(token: string): string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const SECRET = /^[\w-]{43}$/;

/** The token is the id: a version 4 UUID, with 122 random bits. */
export const uuids: Tokens = {
  issue: () => randomUUID(),
  accepts: (text) => UUID.test(text),
  idOf: (token) => token,
};

/**
 * The token is 256 random bits in base64url, and the id is their SHA-256 in hex. Nobody can derive a token from an id in the
 * table or on the page, and the duration of a lookup reveals nothing about tokens.
 */
export const secrets: Tokens = {
  issue: () => randomBytes(32).toString("base64url"),
  accepts: (text) => SECRET.test(text),
  idOf: (token) => createHash("sha256").update(token).digest("hex"),
};
