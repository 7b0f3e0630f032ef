import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { parseCookie, stringifySetCookie } from "cookie";
import { createSessionStore, type Session } from "./sessions";
import { secrets, type Tokens, uuids } from "./tokens";

/** A handler's dependencies. Lambda uses the defaults; tests pass their own. */
export interface HandlerOptions {
  /** `TABLE_NAME`, `COOKIE_NAME`, `ID_FORM`, `IDLE_SECONDS` and `ABSOLUTE_SECONDS`, as `index.ts` sets them. */
  env?: NodeJS.ProcessEnv;
  dynamodb?: Pick<DynamoDBClient, "send">;
  /** The clock, in milliseconds since 1970. */
  now?: () => number;
}

/**
 * Creates the function's handler. Lambda calls this once per cold start, then `init` before the first visit.
 *
 * @throws Error that names an environment variable that is missing or not a number
 */
export function createHandler({
  env = process.env,
  dynamodb = createClient(),
  now = Date.now,
}: HandlerOptions = {}) {
  const cookieName = required(env, "COOKIE_NAME");
  const limits = {
    idleSeconds: seconds(env, "IDLE_SECONDS"),
    absoluteSeconds: seconds(env, "ABSOLUTE_SECONDS"),
  };
  const tokens = env.ID_FORM === "secret" ? secrets : uuids;
  const sessions = createSessionStore(dynamodb, required(env, "TABLE_NAME"), limits, now);

  async function handler(
    event: APIGatewayProxyEventV2,
    context: Context,
  ): Promise<APIGatewayProxyStructuredResultV2> {
    let token = findToken(event.cookies, cookieName, tokens);
    const visit = { requestId: context.awsRequestId, abortSignal: beforeTimeout(context) };
    let session: Session | undefined;
    try {
      if (token) session = await sessions.count(tokens.idOf(token), visit);
      if (!session || !token) {
        token = tokens.issue();
        session = await sessions.create(tokens.idOf(token), visit);
        // The dashboard counts these lines.
        console.info("new session");
      }
    } catch (error) {
      return unavailable(error);
    }
    return page(session, sessionCookie(cookieName, token, session.secondsLeft));
  }

  /**
   * Connects to the table, so that the first visitor doesn't have to wait for it: Lambda gives a function more CPU while it
   * initializes. No session has this id, so DynamoDB rejects the update and nothing changes.
   */
  async function init(): Promise<void> {
    const visit = { requestId: "init", abortSignal: AbortSignal.timeout(1000) };
    await sessions.count("init", visit).catch((error: unknown) => {
      console.warn({ message: "could not connect to the table before the first visit", ...reasonOf(error) });
    });
  }

  return Object.assign(handler, { init });
}

/** Returns the first well-formed token in a cookie with this name. Values are used as sent and never decoded. */
function findToken(cookies: string[] | undefined, name: string, { accepts }: Tokens): string | undefined {
  return cookies
    ?.map((cookie) => parseCookie(cookie, { decode: (value) => value })[name] ?? "")
    .find(accepts);
}

const headers = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  "content-type": "text/plain; charset=utf-8",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=63072000",
  "x-content-type-options": "nosniff",
};

function page({ id, counter }: Session, cookie: string): APIGatewayProxyStructuredResultV2 {
  const body = `session-id: ${id}, counter: ${counter}`;
  return { statusCode: 200, headers, cookies: [cookie], body };
}

const sessionCookie = (name: string, value: string, maxAge: number) =>
  stringifySetCookie({ name, value, httpOnly: true, secure: true, sameSite: "lax", path: "/", maxAge });

/** The session may still be alive, so the visitor keeps the cookie and can try again. */
function unavailable(error: unknown): APIGatewayProxyStructuredResultV2 {
  // Lambda's JSON log format adds the time, the level and the request id.
  console.error({ message: "the session store failed", ...reasonOf(error) });
  return {
    statusCode: 503,
    headers: { ...headers, "retry-after": "5" },
    body: "Your session is not available right now. Please try again.",
  };
}

function reasonOf(thrown: unknown) {
  const { name: error, message: reason } = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { error, reason };
}

/**
 * Leaves time for three attempts; by default, the SDK waits for a response forever. The first timeout is for the response's
 * headers, the second for a body that stalls.
 */
const createClient = () =>
  new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: { requestTimeout: 1000, socketTimeout: 1000, throwOnRequestTimeout: true },
  });

/** Fires early enough for the handler to respond before Lambda times it out. */
const beforeTimeout = (context: Context) =>
  AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - 500));

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

function seconds(env: NodeJS.ProcessEnv, name: string): number {
  const value = Number(required(env, name));
  if (!Number.isInteger(value) || value <= 0) throw new Error(`${name} is not a positive whole number`);
  return value;
}
