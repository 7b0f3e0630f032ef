import { createClient, createSessions, SessionError } from "../../sessions";
import { endSessionsOf, type Store } from "./everywhere";
import { type Event, formOf, mayChange, page, type Response, redirect, respond } from "./http";
import { cartOf, home, notice } from "./pages";

/** What the app keeps in a session. Names that visitors choose have a prefix, so they can't be any of the others. */
export type Data = { user: string; theme: "light" | "dark" } & { [item: `cart/${string}`]: number };

/** The app: a function for each route. `index.ts` lists the same route keys. */
const routes = {
  "GET /": showHome,
  "GET /me": showMember,
  "POST /theme": setTheme,
  "POST /cart": changeCart,
  "POST /login": logIn,
  "POST /logout": logOut,
  "POST /logout-everywhere": logOutEverywhere,
} satisfies Record<string, Route>;

type Route = (event: Event, store: Store) => Promise<Response>;
export type RouteKey = keyof typeof routes;

/** Replace this with your own check: a password, a passkey, an identity provider. It lets everybody in. */
async function findUser(form: URLSearchParams): Promise<string | undefined> {
  return /^[\w.@-]{1,64}$/.exec(form.get("user") ?? "")?.[0];
}

// DynamoDB bills a change of a session by the session's size.
const MAX_ITEMS = 50;

// The GET routes only read. A visitor's session starts with the first change, so crawlers don't start any.
async function showHome({ cookies, queryStringParameters }: Event, { sessions }: Store): Promise<Response> {
  const session = await sessions.find(cookies);
  return page(200, home(session?.data ?? {}, queryStringParameters ?? {}), session?.cookie);
}

async function showMember({ cookies }: Event, { sessions }: Store): Promise<Response> {
  const session = await sessions.find(cookies);
  const { user, theme } = session?.data ?? {};
  const response = respond(user ? 200 : 401, session?.cookie, { "content-type": "application/json" });
  return { ...response, body: JSON.stringify(user ? { user, theme } : { message: "Please log in." }) };
}

async function setTheme(event: Event, { sessions }: Store): Promise<Response> {
  const theme = formOf(event).get("theme");
  const isSet = theme === "light" || theme === "dark";
  const session = await sessions.open(event.cookies, isSet ? { set: { theme } } : { remove: ["theme"] });
  return redirect("/", session.cookie);
}

async function changeCart(event: Event, { sessions }: Store): Promise<Response> {
  const form = formOf(event);
  const name = form.get("item")?.trim() ?? "";
  if (!/^.{1,40}$/su.test(name)) return page(400, notice("An item needs a name of up to 40 characters."));
  const item = `cart/${name}` as const;
  const isRemoval = form.get("action") === "remove";
  const session = await sessions.open(event.cookies, isRemoval ? { remove: [item] } : { add: { [item]: 1 } });
  if (cartOf(session.data).length <= MAX_ITEMS) return redirect("/", session.cookie);
  await sessions.find(event.cookies, { remove: [item] });
  return page(400, notice("Your cart is full."), session.cookie);
}

async function logIn(event: Event, { sessions }: Store): Promise<Response> {
  const user = await findUser(formOf(event));
  if (!user) return page(403, notice("This user name or password is wrong."));
  // A new id, so that nobody who knows the old one is logged in, too. Another user's data stays behind.
  const session = await sessions.renew(
    event.cookies,
    { set: { user } },
    (data) => (data.user ?? user) === user,
  );
  return redirect("/", session.cookie);
}

async function logOut({ cookies }: Event, { sessions }: Store): Promise<Response> {
  const { hasEnded, cookie } = await sessions.end(cookies);
  return redirect(`/?ended=${Number(hasEnded)}`, cookie);
}

async function logOutEverywhere({ cookies, queryStringParameters }: Event, store: Store): Promise<Response> {
  const session = await store.sessions.find(cookies);
  const user = session?.data.user;
  if (!user) return redirect("/?ended=0", session?.cookie);
  const others = await endSessionsOf(user, session.id, store);
  const ended = others.ended + (Number(queryStringParameters?.ended) || 0);
  // Out of time: the status makes the browser send the same request again, to this address.
  if (others.hasMore) return respond(307, session.cookie, { location: `/logout-everywhere?ended=${ended}` });
  // Last, so that the visitor can try again if one of the other calls fails.
  const { hasEnded, cookie } = await store.sessions.end(cookies);
  return redirect(`/?ended=${ended + Number(hasEnded)}&from=everywhere`, cookie);
}

/** Creates the function's handler. Lambda calls this once per cold start. */
export function createHandler(
  { TABLE_NAME: tableName = "", COOKIE_NAME: cookieName = "", ...env } = process.env,
) {
  const dynamodb = createClient();
  const secretIds = env.SECRET_IDS === "true";
  const [idleSeconds, absoluteSeconds] = [Number(env.IDLE_SECONDS), Number(env.ABSOLUTE_SECONDS)];
  const options = { tableName, cookieName, secretIds, idleSeconds, absoluteSeconds, dynamodb };
  const store: Store = { sessions: createSessions<Data>(options), dynamodb, tableName };

  async function handler(event: Event): Promise<Response> {
    if (event.routeKey.startsWith("POST ") && !mayChange(event.headers))
      return page(403, notice("Please use the forms on this site."));
    try {
      return await routes[event.routeKey as RouteKey](event, store);
    } catch (error) {
      // Anything else is a bug: Lambda logs it, and the visitor gets a 500.
      if (!(error instanceof SessionError)) throw error;
      return page(error.status, notice("Your session isn't available right now. Please reload the page."));
    }
  }

  /** Connects to the table while the function initializes. No session has this id. */
  const init = () => store.sessions.end({ id: "init" }).catch(() => {});

  return Object.assign(handler, { init });
}
