import { setTimeout as wait } from "node:timers/promises";
import { Failure } from "./command";

export interface Response {
  status: number;
  headers: Headers;
  body: string;
  /** The header that sets the session cookie, and the cookie's value. */
  setCookie?: string;
  token?: string;
  /** The visitor's counter on the page, or `NaN`. */
  counter: number;
}

const TIMEOUT_SECONDS = 30;
const MAX_ATTEMPTS = 12;
/** Some apps start no sessions for clients that don't look like browsers. */
const HEADERS = { "user-agent": "Mozilla/5.0 (serverless-sessions; npm run verify)" };
/** This application's own page. */
const DEFAULT_PAGE = /^session-id: .+, counter: (\d+)$/;

/**
 * Visits a page that starts sessions. On a page of your own, the first group of `page` finds the counter.
 *
 * @throws Failure that says what is wrong with the URL, the cookie's name or the pattern
 */
export async function connect(url: string, cookieName: string, page?: RegExp): Promise<Client> {
  const client = new Client(url, cookieName, page ?? DEFAULT_PAGE);
  const { status, headers, body, token, counter } = await client.visit().catch((error: Error) => {
    throw new Failure(`${error.message} Is it the page's URL?`);
  });
  if (status !== 200) throw new Failure(`${url} answered ${status}, not 200. Is it the page's URL?`);
  if (!token) {
    const names = headers.getSetCookie().map((header) => header.split("=")[0]);
    const hint = `Its cookies: ${names.join(", ") || "none"}. Pass the session cookie's name with --cookie-name.`;
    throw new Failure(`${url} sets no cookie named ${cookieName}. ${hint}`);
  }
  if (!Number.isNaN(counter)) return client;
  if (page) throw new Failure(`${page} finds no counter on the page: ${body.slice(0, 200)}`);
  return new Client(url, cookieName);
}

/** Sends requests to a page, knowing only its URL and its session cookie's name. */
export class Client {
  constructor(
    readonly url: string,
    readonly cookieName: string,
    /** Finds the visitor's counter on the page, if it shows one. */
    readonly page?: RegExp,
  ) {}

  /** Visits the page with this value in the session cookie, or without a cookie. */
  visit(value?: string): Promise<Response> {
    return this.send(value === undefined ? undefined : `${this.cookieName}=${value}`);
  }

  /** Sends a request with this `Cookie` header, in which characters up to U+00FF are sent as one byte each. */
  async send(cookie?: string, path = "", method = "GET"): Promise<Response> {
    const init = { method, headers: cookie === undefined ? HEADERS : { ...HEADERS, cookie } };
    for (let attempt = 1; ; attempt++) {
      const { status, headers, body } = await sendOnce(new URL(path, this.url), init);
      if (!isThrottled(status, body) || attempt === MAX_ATTEMPTS) {
        const setCookie = headers.getSetCookie().find((text) => text.startsWith(`${this.cookieName}=`));
        const token = setCookie?.slice(this.cookieName.length + 1).split(";")[0];
        const counter = Number(this.page?.exec(body)?.[1]);
        return { status, headers, body, setCookie, token, counter };
      }
      await wait(Math.random() * Math.min(100 * 2 ** attempt, 3000));
    }
  }
}

async function sendOnce(url: URL, init: RequestInit) {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_SECONDS * 1000);
    const response = await fetch(url, { ...init, redirect: "manual", signal });
    return { status: response.status, headers: response.headers, body: await response.text() };
  } catch (error) {
    const { cause, message } = error as Error & { cause?: Error & { code?: string } };
    throw new Error(`No response from ${url} (${cause?.code ?? cause?.message ?? message}).`);
  }
}

/**
 * Whether the request was throttled before it reached the function: by the stage (429) or by the account's Lambda
 * concurrency (503 with API Gateway's own text). New accounts have a concurrency of 10.
 */
const isThrottled = (status: number, body: string) =>
  status === 429 || (status === 503 && /^\{"message": ?"Service Unavailable"\}$/.test(body));
