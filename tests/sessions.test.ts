import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { createSessions, SessionError } from "../sessions";
import type { Item } from "../sessions/change";
import { recordLog } from "./support/log";
import { cookieOf, type Data, useSessions } from "./support/sessions";

const visit = { add: { counter: 1 } };
const range = (length: number) => Array.from({ length }, (_, i) => i);
const lists = range(5).map((slot) => `requests${slot}`);

describe("sessions", () => {
  const { table, start, sent, send, sessions, sessionsWith, sessionsWithRetries, advance } = useSessions();
  const logged = recordLog();

  describe("counting visits", () => {
    it("starts a session at 1", async () => {
      const { id, data, cookie } = await sessions.open(undefined, visit);
      assert.deepEqual(data, { counter: 1 });
      assert.equal(cookie, `sid=${id}; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax`);
      const stored = Object.entries((await table.item(id)) ?? {});
      assert.deepEqual(Object.fromEntries(stored.filter(([name]) => !lists.includes(name))), {
        "session-id": { S: id },
        counter: { N: "1" },
        "created-at": { N: `${start / 1000}` },
        "expires-at": { N: `${start / 1000 + 60}` },
      });
      assert.deepEqual(logged, ["new session"]);
    });

    it("counts each of 100 parallel visits exactly once", async () => {
      const cookie = cookieOf(await sessions.open([], visit));
      const visits = await Promise.all(range(100).map(() => sessions.open(cookie, visit)));
      assert.equal(new Set(visits.map(({ data }) => data.counter)).size, 100);
      assert.equal((await sessions.find(cookie))?.data.counter, 101);
    });

    it("takes one call and one write unit for a visit, with 700 bytes of other data in the session", async () => {
      const units: (number | undefined)[] = [];
      const counting = sessionsWith(async (command) => {
        command.input.ReturnConsumedCapacity = "TOTAL";
        const output = await send(command);
        units.push(output.ConsumedCapacity?.CapacityUnits);
        return output;
      });
      const cookie = cookieOf(await counting.open([], { ...visit, set: { theme: "x".repeat(695) } }));
      for (const _ of range(40)) await counting.open(cookie, visit);
      assert.deepEqual(units, Array(41).fill(1));
    });

    it("counts once even if 64 others come at once before the retry, and tells it how many", async () => {
      advance(6);
      const cookie = cookieOf(await sessions.open([], visit));
      // The first visit is still in the list that is used again for the period after this one.
      advance(24);
      const late = sessionsWithRetries(async () => {
        await Promise.all(range(63).map(() => sessions.open(cookie, visit)));
        advance(6);
        await sessions.open(cookie, visit);
      });
      const { data, laterChanges } = await late.open(cookie, visit);
      assert.deepEqual([data.counter, laterChanges], [66, 64]);
    });

    it("counts once, and tells a retry how many came after it, while a session changes quickly", async () => {
      const cookie = cookieOf(await sessions.open([], visit));
      // Each instance of the function knows only from its own visits which lists are full.
      const others = range(3).map(() => sessionsWith(send));
      const late = sessionsWithRetries(async () => {
        for (const i of range(14)) await others[i % 3]?.open(cookie, visit);
      });
      for (const round of range(10)) {
        const { data, laterChanges } = await late.open(cookie, visit);
        assert.deepEqual([data.counter, laterChanges], [1 + (round + 1) * 15, 14]);
      }
    });

    it("takes a visit for the latest that arrives after one of a later period, and no retry for another", async () => {
      const cookie = cookieOf(await sessions.open([], visit));
      const late = sessionsWith(async (command) => {
        advance(6);
        await sessions.open(cookie, visit);
        return send(command);
      });
      const { data, laterChanges } = await late.open(cookie, visit);
      assert.deepEqual([data.counter, laterChanges], [3, 0]);
      for (const command of [...sent])
        await assert.rejects(send(command), { name: "ConditionalCheckFailedException" });
    });

    for (const seconds of [0, 1, 6, 12, 24]) {
      it(`keeps the item small for a visitor who returns every ${seconds} seconds`, async () => {
        const longer = sessionsWith(send, { absoluteSeconds: 100_000 });
        const { id, ...session } = await longer.open([], visit);
        let longest = 0;
        for (const _ of range(100)) {
          advance(seconds);
          const found = await longer.find(cookieOf(session), visit);
          assert.deepEqual(Object.keys(found?.data ?? {}), ["counter"]);
          const item = await table.item(id);
          longest = Math.max(longest, lists.flatMap((list) => item?.[list]?.L ?? []).length);
        }
        assert.ok(longest <= 24, `${longest} requests`);
      });
    }
  });

  describe("changing data", () => {
    it("sets, adds and removes in one update", async () => {
      const session = await sessions.open([], {
        set: { theme: "dark", log: ["a"], tags: new Set(["x"]), "cart/pen": 2 ** 53 - 1 },
      });
      const { data } = await sessions.open(cookieOf(session), {
        set: { user: "alice" },
        add: { counter: 1, log: ["b"], tags: new Set(["y"]), "cart/pen": 3, "cart/book": 1 },
        remove: ["theme"],
      });
      assert.deepEqual(data, {
        user: "alice",
        counter: 1,
        log: ["a", "b"],
        tags: new Set(["x", "y"]),
        "cart/pen": 2 ** 53 + 2,
        "cart/book": 1,
      });
    });

    it("applies none of a change that DynamoDB refuses, and doesn't call that an outage", async () => {
      const session = await sessions.open([], visit);
      const tooBig = { set: { theme: "x".repeat(410_000) }, ...visit };
      await assert.rejects(sessions.find(cookieOf(session), tooBig), { name: "ValidationException" });
      assert.equal((await table.item(session.id))?.counter?.N, "1");
    });

    it("explains that a value can't be stored", async () => {
      for (const value of [Number.NaN, new Set(), new Date(), new (class {})(), undefined]) {
        const change = { set: { theme: value as unknown as string } };
        await assert.rejects(sessions.open([], change), /^Error: "theme" can't be stored: /);
      }
    });

    it("rejects names that the store uses, also at run time", async () => {
      for (const name of ["created-at", "closed"]) {
        const change = { set: { [name as "theme"]: "x" } };
        await assert.rejects(sessions.open([], change), new RegExp(`"${name}" is reserved`));
      }
    });

    it("checks names and types at compile time", () => {
      const checked = () => {
        // @ts-expect-error: no such name
        sessions.open([], { set: { them: "dark" } });
        // @ts-expect-error: a text can't be added to
        sessions.open([], { add: { theme: "dark" } });
        // @ts-expect-error: another type
        sessions.open([], { set: { counter: "1" } });
        // @ts-expect-error: no such name
        sessions.open([], { remove: ["them"] });
        const options = { tableName: "t", cookieName: "c", idleSeconds: 1, absoluteSeconds: 1 };
        // @ts-expect-error: a reserved name
        createSessions<{ "created-at": number }>(options);
        // @ts-expect-error: not storable
        createSessions<{ birthday: Date }>(options);
        createSessions<Data>(options);
      };
      assert.ok(checked);
    });
  });

  describe("reading", () => {
    const commands = () => sent.map((command) => command.constructor.name);

    it("takes one consistent read, and writes nothing", async () => {
      const session = await sessions.open([], { set: { theme: "dark" } });
      sent.length = 0;
      assert.deepEqual((await sessions.find(cookieOf(session)))?.data, { theme: "dark" });
      const { data, laterChanges } = await sessions.open(cookieOf(session));
      assert.deepEqual([data, laterChanges], [{ theme: "dark" }, 0]);
      assert.deepEqual(commands(), ["GetItemCommand", "GetItemCommand"]);
      assert.ok(sent.every(({ input }) => "ConsistentRead" in input && input.ConsistentRead));
    });

    it("finds nothing for strangers, and starts no session for them", async () => {
      assert.equal(await sessions.find(undefined), undefined);
      assert.equal(await sessions.find(["sid=forged", "other=1"], visit), undefined);
      assert.deepEqual(commands(), []);
      assert.equal(await sessions.find(`sid=${randomUUID()}`), undefined);
      assert.equal(await sessions.find(`sid=${randomUUID()}`, visit), undefined);
      assert.deepEqual(commands(), ["GetItemCommand", "UpdateItemCommand"]);
    });
  });

  describe("cookies", () => {
    it("use the live session of several, also if it isn't the first", async () => {
      const session = await sessions.open([], visit);
      const forged = [`sid=${randomUUID()}`, "sid=x", cookieOf(session)];
      assert.equal((await sessions.open(forged, visit)).id, session.id);
      assert.equal((await sessions.open(forged.join("; "), visit)).data.counter, 3);
    });

    it("cost at most four lookups, however many there are", async () => {
      const cookies = range(100).map(() => `sid=${randomUUID()}`);
      await sessions.find(cookies, visit);
      assert.equal(sent.length, 4);
    });
  });

  describe("when DynamoDB fails", () => {
    it("say so with an error of their own, and log why, but no id", async () => {
      const { open, find, renew, end } = sessionsWith(send, { tableName: "no-such-table" });
      const cookie = `sid=${randomUUID()}`;
      for (const use of [open, find, renew, end]) {
        logged.length = 0;
        const error = await use(cookie).catch((error: unknown) => error);
        assert.ok(error instanceof SessionError && error.status === 503);
        const { message, error: name } = logged[0] as Record<string, string>;
        assert.deepEqual([message, name], ["the session store failed", "ResourceNotFoundException"]);
        assert.ok(logged.length === 1 && !JSON.stringify(logged).includes(cookie.slice(4)));
      }
    });

    it("don't take a response without an item for an ended session", async () => {
      const broken = sessionsWith(async () => ({ $metadata: {} }));
      await assert.rejects(broken.find(`sid=${randomUUID()}`, visit), { status: 503 });
    });
  });

  describe("an item that was damaged", () => {
    const damages: Record<string, Item> = {
      "with texts in place of the store's lists": Object.fromEntries(lists.map((list) => [list, { S: "x" }])),
      "with a text as counter": { counter: { S: "x" } },
    };
    for (const [what, damage] of Object.entries(damages)) {
      it(`${what} is no session: a new one starts, with a warning`, async () => {
        const session = await sessions.open([], visit);
        await put({ ...(await table.item(session.id)), ...damage });
        const other = await sessions.open(cookieOf(session), visit);
        assert.equal(other.data.counter, 1);
        assert.notEqual(other.id, session.id);
        assert.match(JSON.stringify(logged), /the item of a live session can't be used/);
      });
    }

    const put = (Item: Item) => table.dynamodb.send(new PutItemCommand({ TableName: table.name, Item }));
  });
});
