import { request as http, type IncomingHttpHeaders } from "node:http";
import { request as https } from "node:https";
import { setTimeout as wait } from "node:timers/promises";

/** What a request was answered. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The session in the page's text, if there is one. */
  id?: string;
  counter?: number;
  /** The session cookie that was set: its value, and its attributes in lower case with their values. */
  cookie?: { value: string; attributes: Record<string, string> };
}

export interface Request {
  method?: string;
  /** Relative to the site's URL. */
  path?: string;
  /** The `Cookie` header, as it is sent: characters up to U+00FF are a byte each. */
  cookie?: string;
  headers?: Record<string, string>;
}

/** A deployed stack, seen from outside: everything that is known of it is a URL and a cookie's name. */
export interface Site {
  url: string;
  cookieName: string;
  /** The sessions that have been started by asking. */
  started: Set<string>;
  /** How often API Gateway or Lambda turned a request away for its limits, so that it had to be sent again. */
  turnedAway: number;
  /** @throws Error when there is no answer */
  ask(request?: Request): Promise<Answer>;
  /** A visit with this session id in the cookie, or without a cookie. */
  visit(id?: string): Promise<Answer>;
}

const SECONDS = 30;
const ATTEMPTS = 12;

export function createSite(url: string, cookieName: string): Site {
  const base = url.endsWith("/") ? url : `${url}/`;
  const site: Site = {
    url: base,
    cookieName,
    started: new Set(),
    turnedAway: 0,
    async ask({ path = "", cookie, ...request } = {}) {
      const headers = { ...request.headers, ...(cookie === undefined ? {} : { cookie }) };
      for (let attempt = 1; ; attempt++) {
        const raw = await send(new URL(path, base), request.method ?? "GET", headers);
        if (isTurnedAway(raw) && attempt < ATTEMPTS) {
          site.turnedAway += 1;
          await wait(Math.random() * Math.min(100 * 2 ** attempt, 3000));
          continue;
        }
        const answer = { ...raw, ...readPage(raw.body), cookie: readCookie(raw.headers, cookieName) };
        if (answer.id && answer.counter === 1) site.started.add(answer.id);
        return answer;
      }
    },
    visit: (id) => site.ask({ cookie: id === undefined ? undefined : `${cookieName}=${id}` }),
  };
  return site;
}

/**
 * Whether the request never reached the function: the stage's limits (429), or those of the account on functions that
 * run at once (503 with API Gateway's own text; a new account allows ten).
 */
const isTurnedAway = ({ status, body }: { status: number; body: string }) =>
  status === 429 || (status === 503 && /^\{"message": ?"Service Unavailable"\}$/.test(body));

function readPage(body: string): { id?: string; counter?: number } {
  const [, id, counter] = /^session-id: (.+), counter: (\d+)\b/.exec(body) ?? [];
  return id ? { id, counter: Number(counter) } : {};
}

function readCookie(headers: IncomingHttpHeaders, name: string): Answer["cookie"] {
  const header = headers["set-cookie"]?.find((cookie) => cookie.startsWith(`${name}=`));
  if (!header) return undefined;
  const [pair = "", ...rest] = header.split(/; */);
  const attributes = rest.map((attribute) => {
    const [key = "", ...value] = attribute.split("=");
    return [key.toLowerCase(), value.join("=")];
  });
  return { value: pair.slice(name.length + 1), attributes: Object.fromEntries(attributes) };
}

/** `fetch` would not send every byte that a cookie can have. */
function send(url: URL, method: string, headers: Record<string, string>): Promise<Answer> {
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
    outgoing.setTimeout(SECONDS * 1000, () =>
      outgoing.destroy(new Error(`no answer from ${url.origin} within ${SECONDS} s`)),
    );
    outgoing.on("error", reject).end();
  });
}
