import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** Changes the text of an HTTP response to a request with these headers. */
export type Change = (response: string, request: IncomingHttpHeaders) => string;

/** Starts an in-memory site that passes all checks, unless its responses are changed so that they don't. */
export async function startFakeSite(change: Change) {
  const counters = new Map<string, number>();
  const server = createServer(({ method, url, headers }, response) => {
    if (method !== "GET" || url !== "/") return response.writeHead(404).end();
    const values = (headers.cookie ?? "").split("; ").map((pair) => pair.replace(/^sid=/, ""));
    const id = values.find((value) => counters.has(value)) ?? randomUUID();
    const counter = (counters.get(id) ?? 0) + 1;
    counters.set(id, counter);
    const lines = [
      "HTTP/1.1 200 OK",
      "cache-control: no-store",
      "strict-transport-security: max-age=63072000",
      "x-content-type-options: nosniff",
      `set-cookie: sid=${id}; Max-Age=1800; Path=/; HttpOnly; Secure; SameSite=Lax`,
      "",
      `session-id: ${id}, counter: ${counter}`,
    ];
    const [head = "", body] = change(lines.join("\r\n"), headers).split("\r\n\r\n");
    const [status = "", ...fields] = head.split("\r\n");
    response
      .writeHead(
        Number(status.split(" ")[1]),
        fields.flatMap((field) => field.split(": ")),
      )
      .end(body);
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
