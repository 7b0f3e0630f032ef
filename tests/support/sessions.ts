import type { UpdateItemCommand, UpdateItemCommandOutput } from "@aws-sdk/client-dynamodb";
import { createSessions, type SessionOptions } from "../../sessions";
import { useTable } from "./table";

/** What the tests keep in a session. */
export type Data = {
  counter: number;
  theme: string;
  user: string;
  tags: Set<string>;
  log: string[];
} & { [pieces: `cart/${string}`]: number };

type Send = (command: UpdateItemCommand) => Promise<UpdateItemCommandOutput>;

/**
 * Creates a table for the tests in a `describe` block, and sessions in it. Before each test, their clock is set to
 * `start`, and the list of the commands that they have sent is emptied.
 */
export function useSessions() {
  const table = useTable();
  const start = Date.UTC(2026, 0, 1);
  const sent: UpdateItemCommand[] = [];
  let now = start;
  beforeEach(() => {
    now = start;
    sent.length = 0;
  });
  const send: Send = (command) => {
    sent.push(command);
    return table.dynamodb.send(command);
  };

  /** Sessions whose client sends commands with this function. */
  const sessionsWith = (send: Send, options: Partial<SessionOptions> = {}) =>
    createSessions<Data>({
      tableName: table.name,
      cookieName: "sid",
      idleSeconds: 60,
      absoluteSeconds: 100,
      dynamodb: { send } as unknown as SessionOptions["dynamodb"],
      now: () => now,
      ...options,
    });

  return {
    table,
    start,
    sent,
    send,
    sessionsWith,
    sessions: sessionsWith(send),
    /** Sessions that lose the response to each command that DynamoDB has applied, so that they send it again. */
    sessionsWithRetries: (beforeRetry: () => unknown = () => {}) =>
      sessionsWith(async (command) => {
        await send(command);
        await beforeRetry();
        return send(command);
      }),
    advance(seconds: number) {
      now += seconds * 1000;
    },
  };
}

/** The `Cookie` header of a browser that has received this `Set-Cookie` header. */
export const cookieOf = ({ cookie }: { cookie: string }) => cookie.split(";")[0] ?? "";
