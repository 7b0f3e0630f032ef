import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import type { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { createSessionStore } from "../sessions";
import { useStore } from "./support/store";

describe("the session store", () => {
  const { table, start, send, sessions, storeWith, sendTwice, visit } = useStore();

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
        const output = await send(command);
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
        return send(command);
      }).create(randomUUID(), visit());
      await sessions.count(id, visit());
      for (const late of sent) {
        await assert.rejects(send(late), { name: "ConditionalCheckFailedException" });
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
    const limits = { idleSeconds: 60, absoluteSeconds: 100 };
    const elsewhere = createSessionStore(table.dynamodb, "no-such-table", limits, Date.now);
    await assert.rejects(elsewhere.create(randomUUID(), visit()), { name: "ResourceNotFoundException" });
    await assert.rejects(elsewhere.count(randomUUID(), visit()), { name: "ResourceNotFoundException" });
  });

  it("gives up when the visit is aborted", async () => {
    const aborted = { ...visit(), abortSignal: AbortSignal.abort() };
    await assert.rejects(sessions.create(randomUUID(), aborted), { name: "AbortError" });
  });
});
