// Pages of your own on this project's `sessions/`: one that only reads, and one that changes a value.

import { createSessions } from "../../../sessions";
import { type Handler, tableName } from "./function";

const sessions = createSessions<{ [value: `value${number}`]: number }>({
  tableName,
  cookieName: `${process.env.COOKIE_NAME}`,
  idleSeconds: Number(process.env.IDLE_SECONDS),
  absoluteSeconds: Number(process.env.ABSOLUTE_SECONDS),
});

export const handler: Handler = async ({ rawPath, rawQueryString, cookies }) => {
  const change = rawPath === "/read" ? undefined : { add: { [rawQueryString]: 1 } };
  const { data, cookie } = await sessions.open(cookies, change);
  return { statusCode: 200, cookies: [cookie], body: Object.keys(data).join() };
};
