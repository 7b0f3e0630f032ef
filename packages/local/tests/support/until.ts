import { setTimeout as wait } from "node:timers/promises";

/** Seconds within which whatever a test waits for has happened on any machine. */
const LIMIT_SECONDS = 90;

/**
 * Looks again and again, until what is there is as it should be.
 *
 * @param what what is waited for, in words
 * @returns what was there
 * @throws Error that says what was there instead
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  isRight: (seen: T) => boolean,
): Promise<T> {
  const end = Date.now() + LIMIT_SECONDS * 1000;
  for (;;) {
    const seen = await look();
    if (isRight(seen)) return seen;
    if (Date.now() > end) {
      throw new Error(`Waited ${LIMIT_SECONDS} s for ${what}; there was ${JSON.stringify(seen)} instead.`);
    }
    await wait(50);
  }
}
