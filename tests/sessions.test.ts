import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import type { DynamoDBClient, UpdateItemCommand, UpdateItemCommandOutput } from "@aws-sdk/client-dynamodb";
import { createSessionStore, type SessionStore } from "../sessions";
import { useTable } from "./support/table";

describe("the session store", () => {
  const table = useTable();
  const limits = { idleSeconds: 60, absoluteSeconds: 100 };
  const start = Date.UTC(2026, 0, 1);
  let now: number;
  let sessions: SessionStore;

  beforeEach(() => {
    now = start;
    sessions = createSessionStore(table.dynamodb, table.name, limits, () => now);
  });

  const visit = () => ({ requestId: randomUUID() });
  const later = (seconds: number) => {
    now += seconds * 1000;
  };

  /** A store whose client has this `send` instead of the real one. */
  const storeWith = (send: (command: UpdateItemCommand) => Promise<UpdateItemCommandOutput>) =>
    createSessionStore({ send } as unknown as DynamoDBClient, table.name, limits, () => now);

  /** Sends every command twice, as the SDK does when the first answer is lost. */
  const sendTwice = async (command: UpdateItemCommand) => {
    await table.dynamodb.send(command);
    return table.dynamodb.send(command);
  };

  describe("counting", () => {
    it("starts a session at 1 and keeps it under the id that it is given", async () => {
      const request = visit();
      const id = randomUUID();
      const session = await sessions.create(id, request);
      assert.deepEqual(session, { id, counter: 1, secondsLeft: 60 });
      assert.deepEqual(await table.item(session.id), {
        "session-id": { S: session.id },
        counter: { N: "1" },
        "created-at": { N: `${start / 1000}` },
        "expires-at": { N: `${start / 1000 + 60}` },
        requests: { L: [{ S: request.requestId }, ...Array(15).fill({ S: "" })] },
      });
    });

    it("never starts a session under the id of another, alive or ended", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      const taken = { message: "the new session's id is already taken" };
      await assert.rejects(sessions.create(id, visit()), taken);
      assert.equal((await sessions.count(id, visit()))?.counter, 2);
      await sessions.end(id, visit());
      await assert.rejects(sessions.create(id, visit()), taken);
    });

    it("adds one for each visit", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      assert.equal((await sessions.count(id, visit()))?.counter, 2);
      assert.equal((await sessions.count(id, visit()))?.counter, 3);
      assert.equal((await table.item(id))?.counter?.N, "3");
    });

    it("keeps sessions apart", async () => {
      const [one, other] = [
        await sessions.create(randomUUID(), visit()),
        await sessions.create(randomUUID(), visit()),
      ];
      await sessions.count(one.id, visit());
      assert.notEqual(one.id, other.id);
      assert.equal((await sessions.count(other.id, visit()))?.counter, 2);
    });

    it("loses none of 500 parallel visits, and gives each its own count", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      const counted = await Promise.all(Array.from({ length: 500 }, () => sessions.count(id, visit())));
      const counters = counted.map((session) => session?.counter ?? 0).sort((a, b) => a - b);
      assert.deepEqual(
        counters,
        Array.from({ length: 500 }, (_, i) => i + 2),
      );
      assert.equal((await table.item(id))?.counter?.N, "501");
    });

    it("costs one call and one write unit a visit", async () => {
      const units: (number | undefined)[] = [];
      const counting = storeWith(async (command) => {
        command.input.ReturnConsumedCapacity = "TOTAL";
        const output = await table.dynamodb.send(command);
        units.push(output.ConsumedCapacity?.CapacityUnits);
        return output;
      });
      const { id } = await counting.create(randomUUID(), visit());
      for (let i = 0; i < 20; i++) await counting.count(id, visit());
      assert.deepEqual(units, Array(21).fill(1));
    });
  });

  describe("retries", () => {
    it("creates a session once, though the request is sent twice", async () => {
      const { id, counter } = await storeWith(sendTwice).create(randomUUID(), visit());
      assert.equal(counter, 1);
      assert.equal((await table.item(id))?.counter?.N, "1");
    });

    it("is not reset by a request for its creation that arrives late", async () => {
      const sent: UpdateItemCommand[] = [];
      const { id } = await storeWith((command) => {
        sent.push(command);
        return table.dynamodb.send(command);
      }).create(randomUUID(), visit());
      await sessions.count(id, visit());
      for (const late of sent) {
        await assert.rejects(table.dynamodb.send(late), { name: "ConditionalCheckFailedException" });
      }
      assert.equal((await table.item(id))?.counter?.N, "2");
    });

    it("counts a visit once, though the request is sent twice", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      assert.equal((await storeWith(sendTwice).count(id, visit()))?.counter, 2);
      assert.equal((await table.item(id))?.counter?.N, "2");
    });

    it("answers a retry with its own count, though others came in between", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      const retried = visit();
      const first = await sessions.count(id, retried);
      for (let i = 0; i < 15; i++) await sessions.count(id, visit());
      assert.deepEqual(await sessions.count(id, retried), first);
      assert.equal((await table.item(id))?.counter?.N, "17");
    });
  });

  describe("limits", () => {
    it("ends a session that was idle for as long as the idle limit", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      later(59.999);
      assert.equal((await sessions.count(id, visit()))?.counter, 2);
      later(60.001);
      assert.equal(await sessions.count(id, visit()), undefined);
    });

    it("ends a session at the absolute limit, however much it is used", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      later(50);
      await sessions.count(id, visit());
      later(49);
      assert.equal((await sessions.count(id, visit()))?.counter, 3);
      later(1);
      assert.equal(await sessions.count(id, visit()), undefined);
    });

    it("tells how long the session has left: the nearer of both limits", async () => {
      const { id, secondsLeft } = await sessions.create(randomUUID(), visit());
      assert.equal(secondsLeft, 60);
      later(30);
      assert.equal((await sessions.count(id, visit()))?.secondsLeft, 60);
      later(40);
      assert.equal((await sessions.count(id, visit()))?.secondsLeft, 30);
    });

    for (const milliseconds of [0, 1, 500, 999]) {
      it(`ends no session before its limit, and none over a second later, ${milliseconds} ms into a second`, async () => {
        now = start + milliseconds;
        const short = createSessionStore(
          table.dynamodb,
          table.name,
          { idleSeconds: 1, absoluteSeconds: 2 },
          () => now,
        );
        const [used, idle] = [randomUUID(), randomUUID()];
        assert.equal((await short.create(used, visit())).secondsLeft, 1);
        await short.create(idle, visit());
        later(0.999);
        assert.equal((await short.count(used, visit()))?.counter, 2);
        later(0.999);
        assert.equal((await short.count(used, visit()))?.counter, 3);
        later(0.002);
        assert.equal(await short.count(idle, visit()), undefined);
        assert.equal(await short.count(used, visit()), undefined);
      });
    }

    it("is not shortened by a visit whose clock is behind, which counts all the same", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      const { "expires-at": before } = (await table.item(id)) ?? {};
      later(-30);
      assert.deepEqual(await sessions.count(id, visit()), { id, counter: 2, secondsLeft: 60 });
      const { "expires-at": after } = (await table.item(id)) ?? {};
      assert.deepEqual(after, before);
      later(89);
      assert.equal((await sessions.count(id, visit()))?.counter, 3);
    });

    it("counts once when the answer to a visit whose clock is behind is lost", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      later(-30);
      const twice = storeWith(async (command) => {
        await table.dynamodb.send(command).catch(() => {});
        return table.dynamodb.send(command);
      });
      assert.equal((await twice.count(id, visit()))?.counter, 2);
      assert.equal((await table.item(id))?.counter?.N, "2");
    });

    it("leaves an ended session as it was", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      const before = await table.item(id);
      later(60);
      await sessions.count(id, visit());
      assert.deepEqual(await table.item(id), before);
    });
  });

  describe("ending", () => {
    it("ends a session for good, whichever clock or late request comes, and tells what it was", async () => {
      const sent: UpdateItemCommand[] = [];
      const recorded = storeWith((command) => {
        sent.push(command);
        return table.dynamodb.send(command);
      });
      const { id } = await recorded.create(randomUUID(), visit());
      const counted = visit();
      await recorded.count(id, counted);
      assert.equal((await sessions.end(id, visit()))?.counter?.N, "2");

      for (const late of sent) {
        await assert.rejects(table.dynamodb.send(late), { name: "ConditionalCheckFailedException" });
      }
      assert.equal(await sessions.count(id, counted), undefined);
      later(-3600);
      assert.equal(await sessions.count(id, visit()), undefined);
      assert.equal(await sessions.end(id, visit()), undefined);
      assert.equal((await table.item(id))?.["expires-at"]?.N, `${start / 1000}`);
    });

    it("tells what the session was, though the request is sent twice", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      assert.equal((await storeWith(sendTwice).end(id, visit()))?.counter?.N, "1");
    });

    it("finds nothing to end in an ended session or an unknown id, and leaves no trace of that", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      later(61);
      assert.equal(await sessions.end(id, visit()), undefined);
      const unknown = randomUUID();
      assert.equal(await sessions.end(unknown, visit()), undefined);
      assert.equal(await table.item(unknown), undefined);
    });

    it("lets one of 64 parallel requests have what the session was, and loses no count of it", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      const counts = Array.from({ length: 64 }, () => sessions.count(id, visit()));
      const ends = Array.from({ length: 64 }, () => sessions.end(id, visit()));
      const former = (await Promise.all(ends)).filter((item) => item !== undefined);
      const counted = (await Promise.all(counts)).filter((session) => session !== undefined);
      assert.equal(former.length, 1);
      assert.equal(former[0]?.counter?.N, `${1 + counted.length}`);
    });

    it("goes on with data and count under another id, once though requests are sent twice", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      const request = visit();
      const twice = storeWith(sendTwice);
      const former = await twice.end(id, request);
      const renewed = await twice.create(randomUUID(), request, { ...former, theme: { S: "dark" } });
      assert.equal(renewed.counter, 2);
      assert.equal(await sessions.count(id, visit()), undefined);
      assert.equal((await sessions.count(renewed.id, visit()))?.counter, 3);
      const item = await table.item(renewed.id);
      assert.deepEqual(item?.theme, { S: "dark" });
      assert.equal(item?.["ended-by"], undefined);
    });
  });

  for (const [what, answer] of Object.entries({
    "no attributes": {},
    "the attributes of something else": { Attributes: { counter: { N: "7" } } },
  })) {
    it(`takes an answer with ${what} for a failure, not for an ended session`, async () => {
      const empty = storeWith(async () => ({ $metadata: {}, ...answer }));
      await assert.rejects(empty.count(randomUUID(), visit()), /DynamoDB answered without/);
      await assert.rejects(empty.create(randomUUID(), visit()));
    });
  }

  it("leaves no trace of an id that it did not issue", async () => {
    const id = randomUUID();
    assert.equal(await sessions.count(id, visit()), undefined);
    assert.equal(await table.item(id), undefined);
  });

  it("passes on what DynamoDB has to say when it fails", async () => {
    const elsewhere = createSessionStore(table.dynamodb, "no-such-table", limits, () => now);
    await assert.rejects(elsewhere.create(randomUUID(), visit()), { name: "ResourceNotFoundException" });
    await assert.rejects(elsewhere.count(randomUUID(), visit()), { name: "ResourceNotFoundException" });
  });

  it("gives up when the visit is aborted", async () => {
    const aborted = { ...visit(), abortSignal: AbortSignal.abort() };
    await assert.rejects(sessions.create(randomUUID(), aborted), { name: "AbortError" });
  });
});
