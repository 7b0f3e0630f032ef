import type {
  APIGatewayProxyEventV2 as Event,
  APIGatewayProxyStructuredResultV2 as Response,
} from "aws-lambda";
import { createClient, createSessions, SessionError } from "../../sessions";
import { endSessionsOf, type Store } from "./everywhere";
import { contentSecurityPolicy, home, notice, type Page } from "./pages";

/** What the app keeps in a session. Names that visitors choose have a prefix, so that they can't be any of the others. */
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

/** Put your own check here: a password, a passkey, an identity provider. This one lets everybody in. */
async function findUser(form: URLSearchParams): Promise<string | undefined> {
  return /^[\w.@-]{1,64}$/.exec(form.get("user") ?? "")?.[0];
}

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

async function setTheme({ cookies, ...event }: Event, { sessions }: Store): Promise<Response> {
  const theme = formOf(event).get("theme");
  const isSet = theme === "light" || theme === "dark";
  const session = await sessions.open(cookies, isSet ? { set: { theme } } : { remove: ["theme"] });
  return redirect("/", session.cookie);
}

async function changeCart({ cookies, ...event }: Event, { sessions }: Store): Promise<Response> {
  const form = formOf(event);
  const name = form.get("item")?.trim() ?? "";
  if (!/^.{1,40}$/su.test(name)) return page(400, notice("An item needs a name of up to 40 characters."));
  const item = `cart/${name}` as const;
  const isRemoval = form.get("action") === "remove";
  const session = await sessions.open(cookies, isRemoval ? { remove: [item] } : { add: { [item]: 1 } });
  return redirect("/", session.cookie);
}

async function logIn({ cookies, ...event }: Event, { sessions }: Store): Promise<Response> {
  const user = await findUser(formOf(event));
  if (!user) return page(403, notice("This user name or password is wrong."));
  // A new id, so that nobody who knows the old one is logged in, too. Another user's data stays behind.
  const session = await sessions.renew(cookies, { set: { user } }, (data) => (data.user ?? user) === user);
  return redirect("/", session.cookie);
}

async function logOut({ cookies }: Event, { sessions }: Store): Promise<Response> {
  const { hasEnded, cookie } = await sessions.end(cookies);
  return redirect(`/?ended=${Number(hasEnded)}`, cookie);
}

async function logOutEverywhere({ cookies }: Event, store: Store): Promise<Response> {
  const session = await store.sessions.find(cookies);
  const user = session?.data.user;
  if (!user) return redirect("/?ended=0", session?.cookie);
  const others = await endSessionsOf(user, session.id, store);
  if (others.hasMore) return redirect(`/?ended=${others.ended}&everywhere=more`, session.cookie);
  // Last, so that the visitor can try again if one of the other calls fails.
  const { hasEnded, cookie } = await store.sessions.end(cookies);
  return redirect(`/?ended=${others.ended + Number(hasEnded)}&everywhere=done`, cookie);
}

const formOf = ({ body = "", isBase64Encoded }: Pick<Event, "body" | "isBase64Encoded">) =>
  new URLSearchParams(Buffer.from(body, isBase64Encoded ? "base64" : "utf8").toString());

const headers = {
  "cache-control": "no-store",
  "content-security-policy": contentSecurityPolicy,
  "content-type": "text/html; charset=utf-8",
  // With "no-referrer", browsers would send "origin: null" with our own forms.
  "referrer-policy": "same-origin",
  "strict-transport-security": "max-age=63072000",
  "x-content-type-options": "nosniff",
};

const respond = (statusCode: number, cookie?: string, more: Record<string, string> = {}): Response => ({
  statusCode,
  headers: { ...headers, ...more },
  ...(cookie && { cookies: [cookie] }),
});
const page = (status: number, { text }: Page, cookie?: string) => ({
  ...respond(status, cookie),
  body: text,
});
const redirect = (location: string, cookie?: string) => respond(303, cookie, { location });

/** Whether a request may change something: other sites' pages must not, even without a cookie, nor may bots. */
function mayChange({ "sec-fetch-site": site, origin, host, "user-agent": agent = "bot" }: Event["headers"]) {
  const isOurs = site
    ? site === "same-origin" || site === "none"
    : !origin || origin.split("://")[1] === host;
  return isOurs && !/bot|crawl|spider|monitor/i.test(agent);
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

  return async (event: Event): Promise<Response> => {
    if (event.routeKey.startsWith("POST ") && !mayChange(event.headers))
      return page(403, notice("Please use the forms on this site."));
    try {
      return await routes[event.routeKey as RouteKey](event, store);
    } catch (error) {
      // Anything else is a bug: Lambda logs it, and the visitor gets a 500.
      if (!(error instanceof SessionError)) throw error;
      return page(error.status, notice("Your session isn't available right now. Please reload the page."));
    }
  };
}
