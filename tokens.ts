import { createHash, randomBytes, randomUUID } from "node:crypto";

/** What the cookie holds, the token, and how the session's id, its key in the table, follows from it. */
export interface Tokens {
  issue(): string;
  /** Whether a text has the form of the tokens that are issued. */
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
 * The token has 256 random bits in base64url, and the id is their SHA-256 in hex: who sees ids, in the table or on the
 * page, has no tokens. As the key is a hash, the time that a lookup takes says nothing about tokens either.
 */
export const secrets: Tokens = {
  issue: () => randomBytes(32).toString("base64url"),
  accepts: (text) => SECRET.test(text),
  idOf: (token) => createHash("sha256").update(token).digest("hex"),
};
