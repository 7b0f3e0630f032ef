import { randomUUID } from "node:crypto";
import type { DynamoDBClient, UpdateItemCommand, UpdateItemCommandOutput } from "@aws-sdk/client-dynamodb";
import { createSessionStore } from "../../sessions";
import { useTable } from "./table";

type Send = (command: UpdateItemCommand, options?: object) => Promise<UpdateItemCommandOutput>;

/** Creates a session store with its own table for the tests in a `describe` block. Its clock moves only with `advance`. */
export function useStore() {
  const table = useTable();
  const start = Date.UTC(2026, 0, 1);
  let now: number;
  beforeEach(() => {
    now = start;
  });

  const send: Send = (...call) => table.dynamodb.send(...call);

  /** A store whose client sends commands with this function. */
  const storeWith = (send: Send, limits = { idleSeconds: 60, absoluteSeconds: 100 }) =>
    createSessionStore({ send } as unknown as DynamoDBClient, table.name, limits, () => now);

  return {
    table,
    start,
    send,
    storeWith,
    sessions: storeWith(send),
    /** Sends every command twice, as the SDK does if the first response is lost. */
    async sendTwice(command: UpdateItemCommand) {
      await send(command);
      return send(command);
    },
    visit: () => ({ requestId: randomUUID() }),
    advance(seconds: number) {
      now += seconds * 1000;
    },
  };
}
