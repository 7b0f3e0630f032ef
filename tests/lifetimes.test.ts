import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import type { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { useStore } from "./support/store";

describe("a session's life", () => {
  const { table, start, send, sessions, storeWith, sendTwice, visit, later } = useStore();

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
        later(milliseconds / 1000);
        const short = storeWith(send, { idleSeconds: 1, absoluteSeconds: 2 });
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
        await send(command).catch(() => {});
        return send(command);
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
        return send(command);
      });
      const { id } = await recorded.create(randomUUID(), visit());
      const counted = visit();
      await recorded.count(id, counted);
      assert.equal((await sessions.end(id, visit()))?.counter?.N, "2");

      for (const late of sent) {
        await assert.rejects(send(late), { name: "ConditionalCheckFailedException" });
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
});
