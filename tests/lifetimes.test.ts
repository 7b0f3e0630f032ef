import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { recordLog } from "./support/log";
import { cookieOf, useSessions } from "./support/sessions";

const visit = { add: { counter: 1 } };
const overtaken = { name: "Error", status: 409 };

describe("a session's lifetime", () => {
  const { table, start, sent, send, sessions, sessionsWith, sessionsWithRetries, advance } = useSessions();
  recordLog();

  const expiryOf = async (id: string) => Number((await table.item(id))?.["expires-at"]?.N) - start / 1000;

  describe("limits", () => {
    it("end a session at the idle limit", async () => {
      const { open, find } = sessionsWith(send, { absoluteSeconds: 1000 });
      const cookie = cookieOf(await open([], visit));
      advance(59.999);
      assert.equal((await find(cookie, visit))?.data.counter, 2);
      for (const seconds of [60.001, 1]) {
        advance(seconds);
        assert.equal(await find(cookie, visit), undefined);
        assert.equal(await find(cookie), undefined);
      }
    });

    it("end a session at the absolute limit, however often it is used", async () => {
      const cookie = cookieOf(await sessions.open([], visit));
      advance(50);
      await sessions.find(cookie);
      advance(49);
      const last = await sessions.find(cookie, visit);
      assert.equal(last?.data.counter, 2);
      assert.match(last.cookie, /Max-Age=1;/);
      advance(1);
      assert.equal(await sessions.find(cookie, visit), undefined);
      assert.equal(await sessions.find(cookie), undefined);
    });

    for (const milliseconds of [1, 500, 999]) {
      it(`hold to the second, starting ${milliseconds} ms into one`, async () => {
        advance(milliseconds / 1000);
        const short = sessionsWith(send, { idleSeconds: 1, absoluteSeconds: 2 });
        const [used, idle] = [cookieOf(await short.open([], visit)), cookieOf(await short.open([], visit))];
        advance(0.999);
        assert.equal((await short.find(used, visit))?.data.counter, 2);
        advance(0.999);
        const last = await short.find(used, visit);
        assert.deepEqual([last?.data.counter, last?.cookie.includes("Max-Age=1;")], [3, true]);
        // TTL needs whole seconds.
        assert.ok(Number.isInteger(await expiryOf(last?.id ?? "")));
        advance(0.002);
        assert.equal(await short.find(idle, visit), undefined);
        assert.equal(await short.find(used, visit), undefined);
      });
    }

    it("are extended by a read only once a tenth of the idle limit has passed", async () => {
      const { id, ...session } = await sessions.open([], visit);
      advance(6);
      await sessions.find(cookieOf(session));
      assert.equal(await expiryOf(id), 60);
      advance(0.1);
      const { cookie, laterChanges } = (await sessions.find(cookieOf(session))) ?? {};
      assert.deepEqual([await expiryOf(id), laterChanges], [67, 0]);
      assert.match(cookie ?? "", /Max-Age=60;/);
    });

    it("don't bring back a session that ends while it is read", async () => {
      const session = await sessions.open([], visit);
      advance(30);
      const late = sessionsWith(async (command) => {
        const output = await send(command);
        await sessions.end({ id: session.id });
        return output;
      });
      assert.equal(await late.find(cookieOf(session)), undefined);
    });

    it("apply at once when a deployment lowers them", async () => {
      const session = await sessionsWith(send, { idleSeconds: 90 }).open([], visit);
      await sessions.find(cookieOf(session));
      assert.equal(await expiryOf(session.id), 60);
    });
  });

  describe("ending", () => {
    it("ends a session for good, despite late requests and clocks that are behind", async () => {
      const session = await sessions.open([], visit);
      await sessions.find(cookieOf(session), visit);
      const late = [...sent];
      advance(0.5);
      assert.deepEqual(await sessions.end(cookieOf(session)), {
        hasEnded: true,
        cookie: "sid=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax",
      });
      // So that TTL doesn't delete the item before late requests arrive.
      assert.equal(await expiryOf(session.id), 61);
      for (const command of late)
        await assert.rejects(send(command), { name: "ConditionalCheckFailedException" });
      advance(-3600);
      assert.equal(await sessions.find(cookieOf(session), visit), undefined);
      assert.equal(await sessions.find(cookieOf(session)), undefined);
    });

    it("says whether it ended something, also if the request is sent twice", async () => {
      const [ended, expired] = [await sessions.open([], visit), await sessions.open([], visit)];
      assert.equal((await sessionsWithRetries().end({ id: ended.id })).hasEnded, true);
      assert.equal((await sessions.end(cookieOf(ended))).hasEnded, false);
      advance(60);
      assert.equal((await sessions.end(cookieOf(expired))).hasEnded, false);
      for (const nobody of [undefined, [], `sid=${randomUUID()}`, { id: "x" }])
        assert.equal((await sessions.end(nobody)).hasEnded, false);
    });

    it("ends a session although the function's clock is ahead", async () => {
      const session = await sessions.open([], visit);
      advance(120);
      await sessions.end({ id: session.id });
      advance(-120);
      assert.equal(await sessions.find(cookieOf(session), visit), undefined);
    });
  });

  describe("renewal", () => {
    const data = { theme: "dark", tags: new Set(["x"]), log: ["a"], counter: 1 };

    it("moves the data to a new id and changes it, once even if every request is sent twice", async () => {
      const former = await sessions.open([], { set: data });
      const renewed = await sessionsWithRetries().renew(cookieOf(former), {
        set: { user: "alice" },
        add: { counter: 1, tags: new Set(["y"]), log: ["b"] },
        remove: ["theme"],
      });
      assert.notEqual(renewed.id, former.id);
      const changed = { user: "alice", counter: 2, tags: new Set(["x", "y"]), log: ["a", "b"] };
      assert.deepEqual(renewed.data, changed);
      assert.deepEqual((await sessions.find(cookieOf(renewed)))?.data, changed);
    });

    it("starts empty if the data isn't to be kept", async () => {
      const former = await sessions.open([], { set: { ...data, user: "alice" } });
      const isBob = (kept: { user?: string }) => kept.user === "bob";
      const { data: left } = await sessions.renew(cookieOf(former), { set: { user: "bob" } }, isBob);
      assert.deepEqual(left, { user: "bob" });
    });

    it("answers requests with the old id by 409 for half a minute, and then as if it had expired", async () => {
      const old = cookieOf(await sessions.open([], visit));
      const renewed = await sessions.renew(old);
      assert.ok(await sessions.find(cookieOf(renewed)));
      advance(29);
      const requests = [
        () => sessions.open(`${old}; sid=${randomUUID()}`, visit),
        () => sessions.find(old, visit),
        () => sessions.find(old),
        () => sessions.renew(old),
        () => sessions.end(old),
      ];
      for (const request of requests) await assert.rejects(request, overtaken);
      assert.equal((await sessions.open(`${old}; ${cookieOf(renewed)}`)).id, renewed.id);
      advance(1);
      assert.equal(await sessions.find(old), undefined);
      assert.equal((await sessions.end(old)).hasEnded, false);
      for (const nobody of [old, undefined])
        assert.deepEqual((await sessions.renew(nobody, visit)).data, { counter: 1 });
      assert.ok(await sessions.find(cookieOf(renewed)));
    });

    it("never answers the retry of a visit before a login or logout as if the session were alive", async () => {
      // Each period of 6 seconds has another slot for the request's id.
      for (let slot = 0; slot < 5; slot++) {
        advance(6);
        for (const leave of [sessions.renew, sessions.end]) {
          const old = cookieOf(await sessions.open([], visit));
          const late = sessionsWithRetries(() => leave(old));
          const answer = await late.find(old, visit).catch((error) => error.status ?? error);
          assert.equal(answer, leave === sessions.renew ? 409 : undefined);
        }
      }
    });

    it("can be tried again after any failed call, and loses nothing", async () => {
      for (const failing of [1, 2, 3, 4]) {
        for (const isApplied of [false, true]) {
          const old = cookieOf(await sessions.open([], { set: data }));
          let call = 0;
          const faulty = sessionsWith(async (command) => {
            if (++call !== failing) return send(command);
            if (isApplied) await send(command);
            throw new Error("connection lost");
          });
          const login = { set: { user: "alice" } };
          await faulty.renew(old, login).catch(() => faulty.renew(old, login));
          const renewed = await sessions.renew(old, login);
          assert.deepEqual((await sessions.find(cookieOf(renewed)))?.data, { ...data, user: "alice" });
        }
      }
    });

    it("has one live session with all data after a double click, whichever request comes first", async () => {
      for (let round = 0; round < 20; round++) {
        const old = cookieOf(await sessions.open([], { set: data }));
        const login = { set: { user: `u${round}` } };
        const clicks = [1, 2, 3].map(() => sessions.renew(old, login).catch(() => undefined));
        const renewed = (await Promise.all(clicks)).filter((session) => session !== undefined);
        const live = await Promise.all(renewed.map((session) => sessions.find(cookieOf(session))));
        const [only, ...others] = live.filter((session) => session !== undefined);
        assert.deepEqual([only?.data, others], [{ ...data, user: `u${round}` }, []]);
      }
    });

    it("gives a planted id nothing once the visitor has read, changed, ended or renewed the new session", async () => {
      const { find, end, renew } = sessions;
      for (const use of [find, (cookie: string) => find(cookie, visit), end, renew]) {
        const planted = cookieOf(await sessions.open([], visit));
        const victim = cookieOf(await sessions.renew(planted, { set: { user: "victim" } }));
        await use(victim);
        await assert.rejects(sessions.renew(planted, { set: { user: "attacker" } }), overtaken);
        assert.notEqual((await sessions.find(victim).catch(() => undefined))?.data.user, "attacker");
      }
    });

    it("gives a planted id no data of the login that it overtakes", async () => {
      const planted = cookieOf(await sessions.open([], visit));
      const victim = await sessions.renew(planted, { set: { user: "victim", theme: "dark" } });
      const attacker = await sessions.renew(planted, { set: { user: "attacker" } });
      assert.deepEqual(attacker.data, { counter: 1, user: "attacker" });
      assert.equal(await sessions.find(cookieOf(victim)), undefined);
      advance(60);
      assert.deepEqual((await sessions.renew(planted)).data, {});
    });

    it("loses nothing and leaves one live session, in 20 races of 64 requests, a login and a logout", async () => {
      for (let round = 0; round < 20; round++) {
        const old = cookieOf(await sessions.open([], visit));
        const visits = Array.from({ length: 64 }, () => sessions.find(old, visit).catch(() => undefined));
        const renewed = await sessions.renew(old, visit);
        const counted = (await Promise.all(visits)).filter((found) => found !== undefined);
        assert.equal(renewed.data.counter, counted.length + 2);
        const more = Array.from({ length: 8 }, () => sessions.find(cookieOf(renewed), visit));
        await sessions.end(cookieOf(renewed));
        await Promise.all(more);
        for (const cookie of [old, cookieOf(renewed)])
          assert.equal(await sessions.find(cookie, visit).catch(() => undefined), undefined);
      }
    });
  });
});
