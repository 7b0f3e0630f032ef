import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { stringifySetCookie } from "cookie";
import { type Change, dataOf, type Storable } from "./change";
import { NEW_SESSION, SessionError } from "./errors";
import { createStore, type Found, type StoreOptions } from "./store";
import { type Cookies, findTokens, plainTokens, secretTokens } from "./tokens";

export type { Change, Storable } from "./change";
export { failure, NEW_SESSION, SessionError, STORE_FAILED } from "./errors";
export type { Cookies } from "./tokens";

export interface SessionOptions extends Omit<StoreOptions, "dynamodb" | "now"> {
  cookieName: string;
  /** Whether the cookie contains a secret, and the table only its hash. By default, it contains the id. */
  secretIds?: boolean;
  dynamodb?: StoreOptions["dynamodb"];
  now?: StoreOptions["now"];
}

export interface Session<Data> {
  /** The item's key in the table. */
  readonly id: string;
  /** The app's own data, as of this request's change. */
  readonly data: Partial<Data>;
  /** The value of the `Set-Cookie` header that keeps the session. */
  readonly cookie: string;
  /**
   * How many later changes `data` includes: usually 0. If DynamoDB's response got lost, `data` is what the SDK's retry
   * found.
   */
  readonly laterChanges: number;
}

/**
 * Keeps sessions in a DynamoDB table. A session's data is the item's attributes.
 *
 * With a change, a live session takes one atomic `UpdateItem`, which overwrites no other request's change. Without one,
 * it takes one strongly consistent `GetItem`.
 *
 * All methods reject with a {@link SessionError} if DynamoDB fails, or if a login has replaced the cookie within the
 * last 30 seconds. Any other error is a bug, such as a value that can't be stored.
 */
export function createSessions<Data extends Storable<Data>>({
  cookieName,
  secretIds,
  ...options
}: SessionOptions) {
  const tokens = secretIds ? secretTokens : plainTokens;
  const store = createStore<Data>({ dynamodb: createClient(), now: Date.now, ...options });

  const cookie = (value: string, maxAge: number) =>
    stringifySetCookie({
      name: cookieName,
      value,
      httpOnly: true,
      secure: true,
      sameSite: "lax",
      path: "/",
      maxAge,
    });

  const sessionOf = (token: string, { item, laterChanges }: Found): Session<Data> => ({
    id: tokens.idOf(token),
    data: dataOf<Data>(item),
    cookie: cookie(token, store.secondsLeft(item)),
    laterChanges,
  });

  /** The result for the first cookie with a live session: a sibling domain may have put others in front. */
  async function first<T>(cookies: Cookies, use: (id: string) => Promise<T | "ended" | "renewed">) {
    let isRenewed = false;
    for (const token of findTokens(cookies, cookieName, tokens)) {
      const result = await use(tokens.idOf(token));
      if (result !== "ended" && result !== "renewed") return { token, result };
      isRenewed ||= result === "renewed";
    }
    if (isRenewed) throw new SessionError(409, "a login has given the session a new id");
    return undefined;
  }

  async function start(token: string, change: Change<Data>): Promise<Session<Data>> {
    const session = sessionOf(token, await store.create(tokens.idOf(token), change));
    console.info(NEW_SESSION);
    return session;
  }

  /** Resolves to the visitor's live session, or to a new one. */
  async function open(cookies: Cookies, change?: Change<Data>): Promise<Session<Data>> {
    return (await find(cookies, change)) ?? (await start(tokens.issue(), change ?? {}));
  }

  /** Resolves to the visitor's live session. Without one, it changes nothing. */
  async function find(cookies: Cookies, change?: Change<Data>): Promise<Session<Data> | undefined> {
    const found = await first(cookies, (id) => (change ? store.change(id, change) : store.read(id)));
    return found && sessionOf(found.token, found.result);
  }

  /**
   * Gives the visitor's session a new id, for example at a login, or starts one. The old id ends before the new one
   * lives.
   *
   * @param keepsData whether the session may keep its data, which must not reach another user
   */
  async function renew(
    cookies: Cookies,
    change: Change<Data> = {},
    keepsData: (data: Partial<Data>) => boolean = () => true,
  ): Promise<Session<Data>> {
    const token = tokens.issue();
    const id = tokens.idOf(token);
    const former = await first(cookies, (oldId) => store.renew(oldId, id));
    if (!former) return start(token, change);
    const kept = keepsData(dataOf<Data>(former.result)) ? former.result : {};
    return sessionOf(token, await store.create(id, change, kept));
  }

  /**
   * Ends the visitor's session for good, or the one with this id.
   *
   * @returns whether there was a live session to end, and the `Set-Cookie` header's value that deletes the cookie
   */
  async function end(target: Cookies | { id: string }): Promise<{ hasEnded: boolean; cookie: string }> {
    const hasEnded =
      typeof target === "object" && "id" in target
        ? (await store.end(target.id)) === true
        : (await first(target, store.end))?.result === true;
    return { hasEnded, cookie: cookie("", 0) };
  }

  return { open, find, renew, end };
}

export type Sessions<Data extends Storable<Data>> = ReturnType<typeof createSessions<Data>>;

/**
 * A client for a function. It allows three attempts of a second each; by default, the SDK waits for a response forever.
 * The first timeout is for the response's headers, the second for a body that stalls.
 */
export function createClient(): DynamoDBClient {
  const client = new DynamoDBClient({
    cacheMiddleware: true,
    maxAttempts: 3,
    requestHandler: {
      requestTimeout: 1000,
      socketTimeout: 1000,
      throwOnRequestTimeout: true,
      httpsAgent: { maxSockets: 256 },
    },
  });
  // It copies every request and response for a logger that by default does nothing. Removing an unknown name has no
  // effect.
  client.middlewareStack.remove("loggerMiddleware");
  return client;
}
