import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import type { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { useStore } from "./support/store";

describe("a session's lifetime", () => {
  const { table, start, send, sessions, storeWith, sendTwice, visit, advance } = useStore();

  describe("limits", () => {
    it("ends a session at the idle limit", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      advance(59.999);
      assert.equal((await sessions.count(id, visit()))?.counter, 2);
      advance(60.001);
      assert.equal(await sessions.count(id, visit()), undefined);
    });

    it("ends a session at the absolute limit, however often it is used", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      advance(50);
      await sessions.count(id, visit());
      advance(49);
      assert.equal((await sessions.count(id, visit()))?.counter, 3);
      advance(1);
      assert.equal(await sessions.count(id, visit()), undefined);
    });

    it("returns how long the session has left: until the nearer of the two limits", async () => {
      const { id, secondsLeft } = await sessions.create(randomUUID(), visit());
      assert.equal(secondsLeft, 60);
      advance(30);
      assert.equal((await sessions.count(id, visit()))?.secondsLeft, 60);
      advance(40);
      assert.equal((await sessions.count(id, visit()))?.secondsLeft, 30);
    });

    for (const milliseconds of [0, 1, 500, 999]) {
      it(`ends sessions at their limit or up to a second later, starting ${milliseconds} ms into a second`, async () => {
        advance(milliseconds / 1000);
        const short = storeWith(send, { idleSeconds: 1, absoluteSeconds: 2 });
        const [used, idle] = [randomUUID(), randomUUID()];
        assert.equal((await short.create(used, visit())).secondsLeft, 1);
        await short.create(idle, visit());
        advance(0.999);
        assert.equal((await short.count(used, visit()))?.counter, 2);
        advance(0.999);
        assert.equal((await short.count(used, visit()))?.counter, 3);
        advance(0.002);
        assert.equal(await short.count(idle, visit()), undefined);
        assert.equal(await short.count(used, visit()), undefined);
      });
    }

    it("counts a visit whose clock is behind, and doesn't shorten the session", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      const { "expires-at": before } = (await table.item(id)) ?? {};
      advance(-30);
      assert.deepEqual(await sessions.count(id, visit()), { id, counter: 2, secondsLeft: 60 });
      const { "expires-at": after } = (await table.item(id)) ?? {};
      assert.deepEqual(after, before);
      advance(89);
      assert.equal((await sessions.count(id, visit()))?.counter, 3);
    });

    it("counts a visit once if its clock is behind and the response is lost", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      advance(-30);
      const twice = storeWith(async (command) => {
        await send(command).catch(() => {});
        return send(command);
      });
      assert.equal((await twice.count(id, visit()))?.counter, 2);
      assert.equal((await table.item(id))?.counter?.N, "2");
    });

    it("doesn't change an ended session", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      const before = await table.item(id);
      advance(60);
      await sessions.count(id, visit());
      assert.deepEqual(await table.item(id), before);
    });
  });

  describe("ending", () => {
    it("ends a session for good, despite late requests and clocks that are behind, and returns its item", async () => {
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
      advance(-3600);
      assert.equal(await sessions.count(id, visit()), undefined);
      assert.equal(await sessions.end(id, visit()), undefined);
      assert.equal((await table.item(id))?.["expires-at"]?.N, `${start / 1000}`);
    });

    it("returns the session's item if the request is sent twice", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      assert.equal((await storeWith(sendTwice).end(id, visit()))?.counter?.N, "1");
    });

    it("returns and stores nothing for an expired session or an unknown id", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      advance(61);
      assert.equal(await sessions.end(id, visit()), undefined);
      const unknown = randomUUID();
      assert.equal(await sessions.end(unknown, visit()), undefined);
      assert.equal(await table.item(unknown), undefined);
    });

    it("returns the item, with every visit counted, to exactly one of 64 parallel requests", async () => {
      const { id } = await sessions.create(randomUUID(), visit());
      const counts = Array.from({ length: 64 }, () => sessions.count(id, visit()));
      const ends = Array.from({ length: 64 }, () => sessions.end(id, visit()));
      const former = (await Promise.all(ends)).filter((item) => item !== undefined);
      const counted = (await Promise.all(counts)).filter((session) => session !== undefined);
      assert.equal(former.length, 1);
      assert.equal(former[0]?.counter?.N, `${1 + counted.length}`);
    });

    it("moves data and count to a new id, once even if requests are sent twice", async () => {
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
