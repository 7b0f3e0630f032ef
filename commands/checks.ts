import { strict as assert } from "node:assert";
import { styleText } from "node:util";
import type { Client } from "./client";
import { Failure } from "./command";
import { arrive, visitInParallel } from "./visitors";

interface Check {
  title: string;
  /** Returns what it saw, or throws an Error that says what failed. */
  run(client: Client): Promise<string>;
}

const VISITS = 500;
/** The function waits this long for DynamoDB before it retries. */
const RETRY_MILLISECONDS = 1000;

/** Promises of any page that starts sessions, whatever it shows. verify, e2e and the tests check them. */
export const checks: Check[] = [
  {
    title: "A first visit starts a session, and each visit with its cookie continues it and adds 1",
    async run(client) {
      const visitor = await arrive(client);
      for (let i = 0; i < 3; i++) await visitor.comeBack();
      return client.page ? "counters 1, 2, 3, 4" : "4 visits to one session; the page shows no counter";
    },
  },
  {
    title: "The cookie stays on this host, needs HTTPS, is hidden from scripts, and expires with the session",
    async run(client) {
      const [, ...attributes] = ((await arrive(client)).setCookie ?? "").split(/; */);
      const sorted = attributes.sort().join("; ");
      assert.match(sorted, /^HttpOnly; Max-Age=[1-9]\d*; Path=\/; SameSite=Lax; Secure$/i, sorted);
      return sorted;
    },
  },
  {
    title: "Responses must not be cached or sniffed, and require HTTPS",
    async run(client) {
      const { headers } = await client.visit();
      const expected = {
        "cache-control": /\bno-store\b/,
        "strict-transport-security": /^max-age=[1-9]\d{6,}/,
        "x-content-type-options": /^nosniff$/,
      };
      for (const [name, value] of Object.entries(expected)) {
        assert.match(`${headers.get(name)}`, value, `the header ${name} is ${headers.get(name)}`);
      }
      return Object.keys(expected).join(", ");
    },
  },
  {
    title: "A made-up session id is not accepted, nor is a live one in another form",
    async run(client) {
      const visitor = await arrive(client);
      const { token } = visitor;
      const forgeries = [
        `${token.startsWith("a") ? "b" : "a"}${token.slice(1)}`,
        token.toUpperCase(),
        `%${token.charCodeAt(0).toString(16)}${token.slice(1)}`,
        `" ${token} "`,
        token.slice(0, -1),
      ];
      for (const forged of forgeries) {
        const { token: given } = await arrive(client, forged);
        assert.ok(![forged, token].includes(given), `${forged} was accepted for ${token}`);
      }
      await visitor.comeBack();
      return "each got a new session; the live session is unchanged";
    },
  },
  {
    title: "Two browsers have separate sessions, even if a request has both cookies",
    async run(client) {
      const [one, other] = await Promise.all([arrive(client), arrive(client)]);
      assert.notEqual(one.token, other.token, "two browsers got the same session");
      await one.comeBack([one.token, other.token]);
      await one.comeBack(["junk", one.token]);
      await other.comeBack();
      return "the first valid cookie counts";
    },
  },
  {
    title: "A cookie that is empty, huge, binary or a script is replaced or rejected, and does no harm",
    async run(client) {
      const visitor = await arrive(client);
      const bytes = String.fromCharCode(...Array.from({ length: 128 }, (_, i) => 128 + i));
      for (const value of ["", "a".repeat(6000), "a".repeat(60_000), bytes, "<script>alert(1)</script>"]) {
        const isRejected = (error: Error) => assert.match(error.message, /^(got 4\d\d|No response)/);
        await arrive(client, value).catch(isRejected);
        await visitor.comeBack();
      }
      return "the live session is unchanged";
    },
  },
  {
    title: "Other methods and paths start no session and count nothing",
    async run(client) {
      const visitor = await arrive(client);
      const cookie = `${client.cookieName}=${visitor.token}`;
      for (const request of ["PUT ", "DELETE ", "PATCH ", "POST no/path", "GET no/path", "GET .env"]) {
        const [method, path] = request.split(" ");
        const { status, headers } = await client.send(cookie, path, method);
        assert.ok(status === 404 || status === 405, `${request} got ${status}`);
        assert.equal(headers.get("set-cookie"), null, `${request} set a cookie`);
      }
      // Browsers ask for it by themselves.
      const icon = await client.send(undefined, "favicon.ico");
      assert.equal(icon.token, undefined, "GET favicon.ico started a session");
      await visitor.comeBack();
      return "the live session is unchanged";
    },
  },
  {
    title: `${VISITS} parallel visits to one session are each counted exactly once`,
    async run(client) {
      const seen: string[] = [];
      for (const browsers of [VISITS, 100, 20, 5]) {
        // A site that was overloaded needs a while to recover.
        const { token } = await arrive(client).catch(() => arrive(client));
        const tally = await visitInParallel(client, token, VISITS, browsers);
        seen.push(`${browsers} at a time: ${tally.succeeded} succeeded, ${tally.counted} counted`);
        if (tally.failed === 0 && tally.counted === tally.succeeded) return seen.join("; ");
        // A failed visit may have been counted, and if the function stopped waiting for DynamoDB during a visit, that
        // visit may have been counted twice. Start over with fewer at a time.
        assert.ok(tally.failed > 0 || tally.slowest >= RETRY_MILLISECONDS, seen.join("; "));
      }
      return assert.fail(seen.join("; "));
    },
  },
];

/** Runs and shows all checks, one after another, unless the signal is aborted. Throws a Failure when one fails. */
export async function runChecks(client: Client, signal?: AbortSignal): Promise<void> {
  let failed = 0;
  for (const { title, run } of checks) {
    signal?.throwIfAborted();
    try {
      console.log(`${styleText("green", "pass")}  ${title}\n      ${await run(client)}`);
    } catch (error) {
      console.log(`${styleText("red", "FAIL")}  ${title}\n      ${(error as Error).message}`);
      failed += 1;
    }
  }
  if (failed > 0) throw new Failure(`${failed} of ${checks.length} checks failed.`);
  console.log(`All ${checks.length} checks passed.`);
}
