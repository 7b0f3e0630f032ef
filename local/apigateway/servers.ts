import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { UserError } from "../pulumi/errors";

/** The HTTP servers of APIs. They outlive a deployment, so that an open page finds its API after the next. */
export interface Servers {
  /** Listens for an API, unless that is done already. Resolves to its URL. */
  open(name: string): Promise<string>;
  /** Lets an API's requests be answered by `listener` from now on. */
  serve(name: string, listener: RequestListener): void;
  /** The URLs at which they listen. */
  endpoints(): string[];
  close(): void;
}

/** @param port where the first API listens; 0 picks a free port, and so do further APIs */
export function createServers(port: number): Servers {
  const servers = new Map<string, { server: Server; endpoint: string }>();
  return {
    async open(name) {
      const known = servers.get(name);
      if (known) return known.endpoint;
      // Longer than most clients keep an idle connection: one that closes as a request comes loses the request.
      const server = createServer({ keepAliveTimeout: 65_000 }, notFound);
      const endpoint = await listen(server, servers.size === 0 ? port : 0);
      servers.set(name, { server, endpoint });
      return endpoint;
    },
    serve(name, listener) {
      servers.get(name)?.server.removeAllListeners("request").on("request", listener);
    },
    endpoints: () => [...servers.values()].map(({ endpoint }) => endpoint),
    close() {
      for (const { server } of servers.values()) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

/** What an API answers that has no stage yet. */
const notFound: RequestListener = (_, response) => {
  response
    .writeHead(404, { "content-type": "application/json" })
    .end(JSON.stringify({ message: "Not Found" }));
};

/** Listens on the loopback address. Resolves to the URL. */
async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const problem = error.code === "EADDRINUSE" ? "is in use" : `cannot be used (${error.code})`;
      reject(new UserError(`Port ${port} ${problem}. Choose another with --port, or 0 for a free one.`));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}
