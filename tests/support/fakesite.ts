import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The response to a visit. */
export interface Page {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * An in-memory site that passes all checks.
 *
 * @param settings called for each request
 * @param breakPage changes a response, so that a check fails
 */
export async function startFakeSite(
  settings: () => { cookieName: string; idleSeconds: string },
  breakPage: (page: Page, cookie: string) => Page = (page) => page,
) {
  const counters = new Map<string, number>();
  const server = createServer(({ method, url, headers: { cookie = "" } }, response) => {
    const { cookieName, idleSeconds } = settings();
    const values = cookie.split("; ").map((pair) => pair.split("="));
    const known = values.find(([name, value]) => name === cookieName && ID.test(value ?? ""))?.[1];
    if (method !== "GET" || url !== "/") return response.writeHead(404).end('{"message":"Not Found"}');
    const id = known && counters.has(known) ? known : randomUUID();
    const counter = (counters.get(id) ?? 0) + 1;
    counters.set(id, counter);
    const page = {
      status: 200,
      headers: {
        "cache-control": "no-store",
        "content-type": "text/plain; charset=utf-8",
        "strict-transport-security": "max-age=63072000",
        "x-content-type-options": "nosniff",
        "set-cookie": `${cookieName}=${id}; Max-Age=${idleSeconds}; Path=/; HttpOnly; Secure; SameSite=Lax`,
      },
      body: `session-id: ${id}, counter: ${counter}`,
    };
    const { status, headers, body } = breakPage(page, cookie);
    response.writeHead(status, headers).end(body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
