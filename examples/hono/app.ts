import { Hono } from "hono";
import { handle } from "hono/aws-lambda";
import { csrf } from "hono/csrf";
import { HTTPException } from "hono/http-exception";
import { createSessions, SessionError, type SessionOptions } from "../../sessions";
import { withSessions } from "./middleware";

type Data = { counter: number } & { [item: `cart/${string}`]: number };

export function createApp(options: SessionOptions) {
  const app = new Hono().use(csrf()).use(withSessions(createSessions<Data>(options)));

  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    // Anything else is a bug: Lambda logs it, and the visitor gets a 500.
    if (!(error instanceof SessionError)) throw error;
    return c.text("Your session is not available right now. Please try again.", error.status);
  });

  return app
    .get("/", async (c) => {
      const { data } = await c.var.visitor.open({ add: { counter: 1 } });
      return c.json(data);
    })
    .post("/cart/:item", async (c) => {
      await c.var.visitor.open({ add: { [`cart/${c.req.param("item")}`]: 1 } });
      return c.redirect("/", 303);
    })
    .post("/logout", async (c) => c.json({ hasEnded: (await c.var.visitor.end()).hasEnded }));
}

/** The only route key, for the list in index.ts. */
export type RouteKey = "$default";

/** Creates the Lambda function's handler, with the environment variables that index.ts sets. */
export const createHandler = ({ env } = process) =>
  handle(
    createApp({
      tableName: env.TABLE_NAME ?? "",
      cookieName: env.COOKIE_NAME ?? "",
      secretIds: env.SECRET_IDS === "true",
      idleSeconds: Number(env.IDLE_SECONDS),
      absoluteSeconds: Number(env.ABSOLUTE_SECONDS),
    }),
  );
