import { request as http, type IncomingHttpHeaders } from "node:http";
import { request as https } from "node:https";
import { setTimeout as wait } from "node:timers/promises";

export interface Response {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The session id on the page, if there is one. */
  id?: string;
  counter?: number;
  /** The session cookie, if the response sets it. Attribute names are in lower case. */
  cookie?: { value: string; attributes: Record<string, string> };
}

export interface Request {
  method?: string;
  /** Relative to the stack's URL. */
  path?: string;
  /** The `Cookie` header. Characters up to U+00FF are sent as one byte each. */
  cookie?: string;
  headers?: Record<string, string>;
}

/** Sends requests to a deployed stack, knowing only its URL and its cookie's name. */
export interface Client {
  url: string;
  cookieName: string;
  /** The ids of all sessions that this client has started. */
  startedSessions: Set<string>;
  /** How many requests API Gateway or Lambda throttled; each was sent again. */
  throttled: number;
  /** @throws Error when there is no response */
  send(request?: Request): Promise<Response>;
  /** Visits the page with this session id in the cookie, or without a cookie. */
  visit(id?: string): Promise<Response>;
}

const TIMEOUT_SECONDS = 30;
const MAX_ATTEMPTS = 12;

export function createClient(url: string, cookieName: string): Client {
  const base = url.endsWith("/") ? url : `${url}/`;
  const client: Client = {
    url: base,
    cookieName,
    startedSessions: new Set(),
    throttled: 0,
    async send({ path = "", cookie, ...request } = {}) {
      const headers = { ...request.headers, ...(cookie === undefined ? {} : { cookie }) };
      for (let attempt = 1; ; attempt++) {
        const raw = await sendOnce(new URL(path, base), request.method ?? "GET", headers);
        if (isThrottled(raw) && attempt < MAX_ATTEMPTS) {
          client.throttled += 1;
          await wait(Math.random() * Math.min(100 * 2 ** attempt, 3000));
          continue;
        }
        const response = { ...raw, ...readPage(raw.body), cookie: readCookie(raw.headers, cookieName) };
        if (response.id && response.counter === 1) client.startedSessions.add(response.id);
        return response;
      }
    },
    visit: (id) => client.send({ cookie: id === undefined ? undefined : `${cookieName}=${id}` }),
  };
  return client;
}

/**
 * Whether the request was throttled before it reached the function: by the stage (429) or by the account's Lambda
 * concurrency (503 with API Gateway's own text). New accounts have a concurrency of 10.
 */
const isThrottled = ({ status, body }: { status: number; body: string }) =>
  status === 429 || (status === 503 && /^\{"message": ?"Service Unavailable"\}$/.test(body));

function readPage(body: string): { id?: string; counter?: number } {
  const [, id, counter] = /^session-id: (.+), counter: (\d+)\b/.exec(body) ?? [];
  return id ? { id, counter: Number(counter) } : {};
}

function readCookie(headers: IncomingHttpHeaders, name: string): Response["cookie"] {
  const header = headers["set-cookie"]?.find((cookie) => cookie.startsWith(`${name}=`));
  if (!header) return undefined;
  const [pair = "", ...rest] = header.split(/; */);
  const attributes = rest.map((attribute) => {
    const [key = "", ...value] = attribute.split("=");
    return [key.toLowerCase(), value.join("=")];
  });
  return { value: pair.slice(name.length + 1), attributes: Object.fromEntries(attributes) };
}

/** Unlike `fetch`, `request` sends any byte in a cookie. */
function sendOnce(url: URL, method: string, headers: Record<string, string>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === "https:" ? https : http)(
      url,
      { method, headers },
      async (incoming) => {
        try {
          const body = Buffer.concat(await incoming.toArray()).toString();
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body });
        } catch (error) {
          reject(error);
        }
      },
    );
    outgoing.setTimeout(TIMEOUT_SECONDS * 1000, () =>
      outgoing.destroy(new Error(`no response from ${url.origin} within ${TIMEOUT_SECONDS} s`)),
    );
    outgoing.on("error", reject).end();
  });
}
