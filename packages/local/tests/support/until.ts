import { setTimeout as wait } from "node:timers/promises";

/** Whatever a test waits for happens within these seconds on any machine. */
const LIMIT_SECONDS = 240;

/**
 * Polls until `isRight` holds.
 *
 * @param what what the test waits for, in words
 * @returns what `look` has found
 * @throws Error that says what `look` found instead
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
