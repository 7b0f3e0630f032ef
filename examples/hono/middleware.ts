import { createMiddleware } from "hono/factory";
import type { Change, Session, Sessions, Storable } from "../../sessions";

/** The verbs, for the visitor who has sent the request. */
export interface Visitor<Data> {
  open(change?: Change<Data>): Promise<Session<Data>>;
  find(change?: Change<Data>): Promise<Session<Data> | undefined>;
  renew(change?: Change<Data>, keepsData?: (data: Partial<Data>) => boolean): Promise<Session<Data>>;
  end(): Promise<{ hasEnded: boolean }>;
}

/** Provides `c.var.visitor`, and sets the response's cookie. After an error, the visitor keeps the one they have. */
export const withSessions = <Data extends Storable<Data>>(sessions: Sessions<Data>) =>
  createMiddleware<{ Variables: { visitor: Visitor<Data> } }>(async (c, next) => {
    const cookies = c.req.header("cookie");
    let cookie: string | undefined;
    const keep = <Result extends { cookie: string } | undefined>(result: Result) => {
      cookie = result?.cookie;
      return result;
    };
    c.set("visitor", {
      open: (change) => sessions.open(cookies, change).then(keep),
      find: (change) => sessions.find(cookies, change).then(keep),
      renew: (change, keepsData) => sessions.renew(cookies, change, keepsData).then(keep),
      end: () => sessions.end(cookies).then(keep),
    });
    await next();
    if (cookie && !c.error) c.header("set-cookie", cookie, { append: true });
  });
