import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import type { DynamoDBClient, UpdateItemCommand, UpdateItemCommandOutput } from "@aws-sdk/client-dynamodb";
import { createSessionStore, isSessionId, type SessionStore } from "../sessions";
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

  /** A store whose client does `send` in the place of the real one's. */
  const storeWith = (send: (command: UpdateItemCommand) => Promise<UpdateItemCommandOutput>) =>
    createSessionStore({ send } as unknown as DynamoDBClient, table.name, limits, () => now);

  describe("counting", () => {
    it("starts a session at 1 and keeps it under an id of its own making", async () => {
      const request = visit();
      const session = await sessions.create(request);
      assert.ok(isSessionId(session.id));
      assert.equal(session.counter, 1);
      assert.deepEqual(await table.item(session.id), {
        "session-id": { S: session.id },
        counter: { N: "1" },
        "created-at": { N: `${start / 1000}` },
        "expires-at": { N: `${start / 1000 + 60}` },
        requests: { L: [{ S: request.requestId }, ...Array(15).fill({ S: "" })] },
      });
    });

    it("adds one for each visit", async () => {
      const { id } = await sessions.create(visit());
      assert.equal((await sessions.count(id, visit()))?.counter, 2);
      assert.equal((await sessions.count(id, visit()))?.counter, 3);
      assert.equal((await table.item(id))?.counter?.N, "3");
    });

    it("keeps sessions apart", async () => {
      const [one, other] = [await sessions.create(visit()), await sessions.create(visit())];
      await sessions.count(one.id, visit());
      assert.notEqual(one.id, other.id);
      assert.equal((await sessions.count(other.id, visit()))?.counter, 2);
    });

    it("loses none of 500 parallel visits, and gives each its own count", async () => {
      const { id } = await sessions.create(visit());
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
      const { id } = await counting.create(visit());
      for (let i = 0; i < 20; i++) await counting.count(id, visit());
      assert.deepEqual(units, Array(21).fill(1));
    });
  });

  describe("retries", () => {
    /** Sends every command twice, as the SDK does when the first answer is lost. */
    const sendTwice = async (command: UpdateItemCommand) => {
      await table.dynamodb.send(command);
      return table.dynamodb.send(command);
    };

    it("creates a session once, though the request is sent twice", async () => {
      const { id, counter } = await storeWith(sendTwice).create(visit());
      assert.equal(counter, 1);
      assert.equal((await table.item(id))?.counter?.N, "1");
    });

    it("is not reset by a request for its creation that arrives late", async () => {
      const sent: UpdateItemCommand[] = [];
      const { id } = await storeWith((command) => {
        sent.push(command);
        return table.dynamodb.send(command);
      }).create(visit());
      await sessions.count(id, visit());
      for (const late of sent) {
        await assert.rejects(table.dynamodb.send(late), { name: "ConditionalCheckFailedException" });
      }
      assert.equal((await table.item(id))?.counter?.N, "2");
    });

    it("counts a visit once, though the request is sent twice", async () => {
      const { id } = await sessions.create(visit());
      assert.equal((await storeWith(sendTwice).count(id, visit()))?.counter, 2);
      assert.equal((await table.item(id))?.counter?.N, "2");
    });

    it("answers a retry with its own count, though others came in between", async () => {
      const { id } = await sessions.create(visit());
      const retried = visit();
      const first = await sessions.count(id, retried);
      for (let i = 0; i < 15; i++) await sessions.count(id, visit());
      assert.deepEqual(await sessions.count(id, retried), first);
      assert.equal((await table.item(id))?.counter?.N, "17");
    });
  });

  describe("limits", () => {
    it("ends a session that was idle for as long as the idle limit", async () => {
      const { id } = await sessions.create(visit());
      later(59);
      assert.equal((await sessions.count(id, visit()))?.counter, 2);
      later(60);
      assert.equal(await sessions.count(id, visit()), undefined);
    });

    it("ends a session at the absolute limit, however much it is used", async () => {
      const { id } = await sessions.create(visit());
      later(50);
      await sessions.count(id, visit());
      later(49);
      assert.equal((await sessions.count(id, visit()))?.counter, 3);
      later(1);
      assert.equal(await sessions.count(id, visit()), undefined);
    });

    it("tells how long the session has left: the nearer of both limits", async () => {
      const { id, secondsLeft } = await sessions.create(visit());
      assert.equal(secondsLeft, 60);
      later(30);
      assert.equal((await sessions.count(id, visit()))?.secondsLeft, 60);
      later(40);
      assert.equal((await sessions.count(id, visit()))?.secondsLeft, 30);
    });

    it("leaves an ended session as it was", async () => {
      const { id } = await sessions.create(visit());
      const before = await table.item(id);
      later(60);
      await sessions.count(id, visit());
      assert.deepEqual(await table.item(id), before);
    });
  });

  it("leaves no trace of an id that it did not issue", async () => {
    const id = randomUUID();
    assert.equal(await sessions.count(id, visit()), undefined);
    assert.equal(await table.item(id), undefined);
  });

  it("passes on what DynamoDB has to say when it fails", async () => {
    const elsewhere = createSessionStore(table.dynamodb, "no-such-table", limits, () => now);
    await assert.rejects(elsewhere.create(visit()), { name: "ResourceNotFoundException" });
    await assert.rejects(elsewhere.count(randomUUID(), visit()), { name: "ResourceNotFoundException" });
  });

  it("gives up when the visit is aborted", async () => {
    const aborted = { ...visit(), abortSignal: AbortSignal.abort() };
    await assert.rejects(sessions.create(aborted), { name: "AbortError" });
  });
});
