import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import type { Answer, Site } from "./site";

/** Something that a visitor may rely on, as a sentence. */
export interface Promised {
  sentence: string;
  /**
   * Visits the site.
   *
   * @returns what was seen
   * @throws Error that says what fell short
   */
  check(site: Site): Promise<string>;
}

const PARALLEL_VISITS = 500;

/** What a visit promises, wherever the program is deployed. */
export const promises: Promised[] = [
  {
    sentence: "A first visit starts a session, counts 1 and sets its cookie",
    async check(site) {
      const { id } = expectNewSession(await site.visit());
      return `session ${id}, counter 1`;
    },
  },
  {
    sentence: "A visitor who comes back with the cookie keeps the session, and each visit counts one more",
    async check(site) {
      const { id } = expectNewSession(await site.visit());
      for (const counter of [2, 3, 4]) expectVisit(await site.visit(id), id, counter);
      return "counters 1, 2, 3, 4 in one session";
    },
  },
  {
    sentence: "Two browsers that take turns do not mix",
    async check(site) {
      const [one, other] = await Promise.all([site.visit(), site.visit()]);
      const ids = [expectNewSession(one).id, expectNewSession(other).id];
      assert.notEqual(ids[0], ids[1], "two browsers got the same session");
      for (const counter of [2, 3]) {
        const answers = await Promise.all(ids.map((id) => site.visit(id)));
        for (const [i, answer] of answers.entries()) expectVisit(answer, ids[i] ?? "", counter);
      }
      return "two sessions, each with counters 1, 2, 3";
    },
  },
  {
    sentence:
      "The cookie is for this site alone, over HTTPS alone, out of scripts' reach, and ends with the session",
    async check(site) {
      const { attributes } = expectNewSession(await site.visit()).cookie;
      const { "max-age": maxAge, ...others } = attributes;
      const expected = { httponly: "", secure: "", samesite: "Lax", path: "/" };
      assert.deepEqual(others, expected, `its attributes are ${JSON.stringify(others)}`);
      assert.match(maxAge ?? "", /^[1-9]\d*$/, `its Max-Age is ${maxAge}`);
      return `HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=${maxAge}`;
    },
  },
  {
    sentence: "Answers are plain text that nobody caches, sniffs, or loads over HTTP",
    async check(site) {
      const { headers } = await site.visit();
      const expected: Record<string, RegExp> = {
        "cache-control": /^no-store$/,
        "content-type": /^text\/plain; charset=utf-8$/i,
        "strict-transport-security": /^max-age=[1-9]\d{6,}/,
        "x-content-type-options": /^nosniff$/,
      };
      for (const [name, value] of Object.entries(expected)) {
        assert.match(`${headers[name]}`, value, `the header ${name} is ${headers[name]}`);
      }
      return Object.keys(expected).join(", ");
    },
  },
  {
    sentence: "An id that a visitor made up is never taken over",
    async check(site) {
      const forged = randomUUID();
      const { id } = expectNewSession(await site.visit(forged));
      assert.notEqual(id, forged, "it was taken over");
      return "a new session with an id of the server's";
    },
  },
  ...(
    [
      ["in upper case", (id) => id.toUpperCase()],
      ["percent-encoded", (id) => id.replaceAll("-", "%2d")],
      ["in quotes with blanks", (id) => `" ${id} "`],
      ["cut short", (id) => id.slice(0, -1)],
    ] satisfies [string, (id: string) => string][]
  ).map(([how, change]) => ({
    sentence: `A live session's id ${how} is not the session`,
    async check(site: Site) {
      const { id } = expectNewSession(await site.visit());
      const { id: other } = expectNewSession(await site.visit(change(id)));
      assert.notEqual(other, id, "it was taken for the session");
      expectVisit(await site.visit(id), id, 2);
      return "a new session; the live one's count stayed";
    },
  })),
  {
    sentence: "A cookie that comes twice counts one visit of one session",
    async check({ cookieName, ...site }) {
      const [one, other] = [expectNewSession(await site.visit()), expectNewSession(await site.visit())];
      const both = `${cookieName}=${one.id}; ${cookieName}=${other.id}`;
      expectVisit(await site.ask({ cookie: both }), one.id, 2);
      expectVisit(await site.ask({ cookie: `${cookieName}=junk; ${cookieName}=${one.id}` }), one.id, 3);
      expectVisit(await site.visit(other.id), other.id, 2);
      return "the first id counted, the second did not; junk before an id did no harm";
    },
  },
  ...(
    [
      ["empty", ""],
      ["of 6 kB", "a".repeat(6000)],
      ["of 60 kB", "a".repeat(60_000)],
      ["of bytes that are no text", String.fromCharCode(...Array.from({ length: 128 }, (_, i) => 128 + i))],
      ["of a script", "<script>alert(1)</script>"],
    ] satisfies [string, string][]
  ).map(([what, value]) => ({
    sentence: `A cookie ${what} gets a new session or is refused, and harms nobody`,
    async check(site: Site) {
      const { id } = expectNewSession(await site.visit());
      const answer = await site.visit(value).catch(refusal);
      if (answer.status === 0 || (answer.status >= 400 && answer.status < 500))
        assert.equal(answer.id, undefined);
      else expectNewSession(answer);
      if (value) assert.ok(!answer.body.includes(value), "the answer repeats it");
      expectVisit(await site.visit(id), id, 2);
      return answer.status === 200
        ? "a new session"
        : `refused with ${answer.status || "a closed connection"}`;
    },
  })),
  {
    sentence: "Other methods and paths are not found, and count nothing",
    async check(site) {
      const { id } = expectNewSession(await site.visit());
      const cookie = `${site.cookieName}=${id}`;
      const others = [
        ...["POST", "PUT", "DELETE", "PATCH"].map((method) => ({ method, path: "" })),
        ...["favicon.ico", "index.html", "no/such/path", ".env"].map((path) => ({ method: "GET", path })),
      ];
      for (const { method, path } of others) {
        const { status, headers } = await site.ask({ method, path, cookie });
        assert.equal(status, 404, `${method} /${path} was answered ${status}`);
        assert.equal(headers["set-cookie"], undefined, `${method} /${path} set a cookie`);
      }
      expectVisit(await site.visit(id), id, 2);
      return `${others.length} requests answered 404; the session's count stayed`;
    },
  },
  {
    sentence: `Of ${PARALLEL_VISITS} parallel visits to one session, no count is lost or doubled`,
    async check(site) {
      const { id } = expectNewSession(await site.visit());
      const counters: number[] = [];
      let unanswered = 0;
      // A visit that gets no answer may have been counted or not. Its visitor tries again, with fewer others.
      for (const atOnce of [PARALLEL_VISITS, 100, 20, 5]) {
        const answers = await inParallel(PARALLEL_VISITS - counters.length, atOnce, () => site.visit(id));
        for (const answer of answers) {
          if (answer.status !== 200) unanswered += 1;
          else if (answer.id === id && answer.counter) counters.push(answer.counter);
          else assert.fail("a visit was counted in another session");
        }
      }
      const answered = new Set(counters).size;
      assert.equal(
        answered,
        counters.length,
        `${counters.length} visits got only ${answered} different counts`,
      );
      const trouble = `${unanswered} visits got no session, and came again`;
      assert.equal(answered, PARALLEL_VISITS, `only ${answered} were answered; ${trouble}`);
      const counted = ((await site.visit(id)).counter ?? 0) - 2;
      const isRight = counted >= answered && counted <= answered + unanswered;
      assert.ok(isRight, `${answered} visits were answered, but ${counted} counted; ${trouble}`);
      return `${answered} different counts, ${counted} visits counted${unanswered ? `; ${trouble}` : ""}`;
    },
  },
];

/** @throws Error unless the answer starts a session and sets its cookie */
function expectNewSession(answer: Answer) {
  const { id, cookie } = answer;
  expectVisit(answer, id ?? "an id", 1);
  return { id: id ?? "", cookie: cookie ?? assert.fail("no session cookie was set") };
}

/** @throws Error unless the answer is that visit of that session */
function expectVisit(
  { status, body, id, counter, cookie }: Answer,
  expectedId: string,
  expectedCounter: number,
) {
  const seen = `answered ${status}: ${body.slice(0, 200)}`;
  assert.equal(status, 200, seen);
  assert.equal(id, expectedId, `expected session ${expectedId}, but it was ${seen}`);
  assert.equal(counter, expectedCounter, `expected counter ${expectedCounter}, but it was ${seen}`);
  assert.equal(cookie?.value, id, `the cookie holds ${cookie?.value}, not the page's session ${id}`);
}

/** A gateway may close the connection while a request is still coming that is too long for it. */
function refusal(error: Error & { code?: string }): Answer {
  if (error.code !== "ECONNRESET" && error.code !== "EPIPE") throw error;
  return { status: 0, headers: {}, body: "" };
}

/** Visits so many times, so many at once. Who gets no answer has the status 0. */
async function inParallel(visits: number, atOnce: number, visit: () => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  let begun = 0;
  const visitor = async () => {
    while (begun < visits) {
      begun += 1;
      answers.push(await visit().catch(() => ({ status: 0, headers: {}, body: "" })));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, visitor));
  return answers;
}
