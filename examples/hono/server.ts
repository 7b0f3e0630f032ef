import { createServer, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";

interface App {
  fetch(request: Request): Response | Promise<Response>;
}

/** A plain Node.js HTTP server for an app. (The package `@hono/node-server` can stream bodies, too.) */
export const serve = (app: App) =>
  createServer((incoming, outgoing) => {
    requestOf(incoming)
      .then((request) => app.fetch(request))
      .then(async (response) => {
        outgoing.writeHead(response.status, [...response.headers].flat());
        outgoing.end(Buffer.from(await response.arrayBuffer()));
      })
      .catch((error) => {
        console.error(error);
        outgoing.writeHead(500).end();
      });
  });

async function requestOf(incoming: IncomingMessage): Promise<Request> {
  const { method = "GET", url, headers } = incoming;
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(`http://${headers.host}${url}`, {
    method,
    headers: headers as Record<string, string>,
    body: hasBody ? await buffer(incoming) : undefined,
  });
}
