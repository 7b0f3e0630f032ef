import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** The response to a visit. */
export interface Page {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Changes the response to a visit with these cookies and from this user agent. */
export type Change = (page: Page, request: { cookie?: string; "user-agent"?: string }) => Page;

/** Starts an in-memory site that passes all checks, unless its pages are changed so that they don't. */
export async function startFakeSite(change: Change = (page) => page) {
  const counters = new Map<string, number>();
  const server = createServer(({ method, url, headers }, response) => {
    if (method !== "GET" || url !== "/") return response.writeHead(404).end('{"message":"Not Found"}');
    const values = (headers.cookie ?? "").split("; ").map((pair) => pair.replace(/^sid=/, ""));
    const id = values.find((value) => counters.has(value)) ?? randomUUID();
    const counter = (counters.get(id) ?? 0) + 1;
    counters.set(id, counter);
    const page = {
      status: 200,
      headers: {
        "cache-control": "no-store",
        "content-type": "text/plain; charset=utf-8",
        "strict-transport-security": "max-age=63072000",
        "x-content-type-options": "nosniff",
        "set-cookie": `sid=${id}; Max-Age=1800; Path=/; HttpOnly; Secure; SameSite=Lax`,
      },
      body: `session-id: ${id}, counter: ${counter}`,
    };
    const changed = change(page, headers);
    response.writeHead(changed.status, changed.headers).end(changed.body);
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
