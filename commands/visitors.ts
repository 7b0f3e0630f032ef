import { strict as assert } from "node:assert";
import { setTimeout as wait } from "node:timers/promises";
import type { Client, Response } from "./client";

/** Visits the page without a session, possibly with a forged cookie. Throws unless a session starts. */
export async function arrive(client: Client, forged?: string) {
  const first = await client.visit(forged);
  const { token = "", setCookie } = first;
  expectVisit(client, first, token, 1);
  assert.ok(token, "no session cookie was set");
  assert.notEqual(token, forged, `"${forged}" was accepted`);
  assert.ok(!forged || !first.body.includes(forged), `the response repeats "${forged}"`);
  let visits = 1;
  /** Returns, possibly with several session cookies. Throws unless the session continues, with one more visit. */
  async function comeBack(tokens = [token]): Promise<void> {
    visits += 1;
    const cookie = tokens.map((value) => `${client.cookieName}=${value}`).join("; ");
    expectVisit(client, await client.send(cookie), token, visits);
  }
  return { token, setCookie, comeBack };
}

/** Throws unless the response is for this visit to the session with this token. */
export function expectVisit(client: Client, response: Response, token: string, visits: number): void {
  const { status, counter, body } = response;
  const got = `got ${status}: ${body.slice(0, 200)}`;
  assert.equal(status, 200, got);
  // A response may leave the cookie as it is.
  assert.equal(response.token ?? token, token, `the session was replaced: ${got}`);
  if (client.page) assert.equal(counter, visits, `expected counter ${visits}, but ${got}`);
}

/**
 * Visits a new session, with one visit, from several browsers at once. Each pauses up to `maxPause` ms before a visit.
 *
 * @returns how many visits succeeded, failed, and were counted (failed ones may be), and how many ms the slowest took
 * @throws Error when the session was replaced, or a visit got another one's counter or was not counted
 */
export async function visitInParallel(
  client: Client,
  token: string,
  visits: number,
  browsers: number,
  maxPause = 0,
) {
  const responses: Response[] = [];
  let [started, failed, slowest] = [0, 0, 0];
  async function visitUntil(last: number): Promise<void> {
    while (started < last) {
      started += 1;
      if (maxPause) await wait(Math.random() * maxPause);
      const start = performance.now();
      const response = await client.visit(token).catch(() => undefined);
      if (response?.status === 200) responses.push(response);
      else failed += 1;
      slowest = Math.max(slowest, performance.now() - start);
    }
  }
  await Promise.all(Array.from({ length: browsers }, () => visitUntil(visits)));
  // One more visit, by itself, shows the count of all.
  await visitUntil(visits + 1);

  const succeeded = responses.length;
  for (const response of responses) expectVisit(client, response, token, response.counter);
  if (!client.page) return { succeeded, failed, counted: succeeded, slowest };
  const counters = new Set(responses.map(({ counter }) => counter));
  assert.equal(counters.size, succeeded, `${succeeded} visits got only ${counters.size} different counters`);
  const counted = Math.max(1, ...counters) - 1;
  assert.ok(counted >= succeeded, `${succeeded} visits succeeded, but only ${counted} were counted`);
  return { succeeded, failed, counted, slowest };
}
