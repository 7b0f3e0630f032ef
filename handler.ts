import type {
  APIGatewayProxyEventV2 as Event,
  APIGatewayProxyStructuredResultV2 as Response,
} from "aws-lambda";
import { createSessions, SessionError, type SessionOptions } from "./sessions";

/** What the app keeps in a session. */
interface Data {
  counter: number;
}

type Sessions = ReturnType<typeof createSessions<Data>>;

/** The app: a function for each route. `index.ts` lists the same route keys. */
const routes = { "GET /": countVisit } satisfies Record<string, Route>;

type Route = (event: Event, sessions: Sessions) => Promise<Response>;
export type RouteKey = keyof typeof routes;

async function countVisit({ cookies }: Event, sessions: Sessions): Promise<Response> {
  const { id, data, cookie, laterChanges } = await sessions.open(cookies, { add: { counter: 1 } });
  // Each change counts one visit. If this was a retry, the item may include later visits.
  const counter = (data.counter ?? 0) - laterChanges;
  return { statusCode: 200, headers, cookies: [cookie], body: `session-id: ${id}, counter: ${counter}` };
}

const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  "content-type": "text/plain; charset=utf-8",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=63072000",
  "x-content-type-options": "nosniff",
};

/**
 * Creates the function's handler. Lambda calls this once per cold start, then `init` before the first visit.
 *
 * @param env `TABLE_NAME`, `COOKIE_NAME`, `SECRET_IDS`, `IDLE_SECONDS` and `ABSOLUTE_SECONDS`, as `index.ts` sets them
 * @param options override the client and the clock, for tests
 * @throws Error that names an environment variable that is missing
 */
export function createHandler(env = process.env, options?: Pick<SessionOptions, "dynamodb" | "now">) {
  const sessions = createSessions<Data>({
    tableName: required(env, "TABLE_NAME"),
    cookieName: required(env, "COOKIE_NAME"),
    secretIds: env.SECRET_IDS === "true",
    idleSeconds: Number(required(env, "IDLE_SECONDS")),
    absoluteSeconds: Number(required(env, "ABSOLUTE_SECONDS")),
    ...options,
  });

  async function handler(event: Event): Promise<Response> {
    try {
      return await routes[event.routeKey as RouteKey](event, sessions);
    } catch (error) {
      // Anything else is a bug: Lambda logs it, and the visitor gets a 500.
      if (!(error instanceof SessionError)) throw error;
      return unavailable(error);
    }
  }

  /**
   * Connects to the table, so that the first visitor doesn't have to wait: Lambda gives a function more CPU while it
   * initializes. No session has this id, so nothing changes.
   */
  const init = () => sessions.end({ id: "init" }).catch(() => {});

  return Object.assign(handler, { init });
}

/** The visitor keeps the cookie and can try again. */
const unavailable = ({ status }: SessionError): Response => ({
  statusCode: status,
  headers: { ...headers, "retry-after": "5" },
  body: "Your session is not available right now. Please try again.",
});

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}
