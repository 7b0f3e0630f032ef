import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { UserError } from "../pulumi/errors";
import { readBody } from "./request";

/** Answers a request whose body has been read; the body is `undefined` if it is too large. */
export type Listener = (request: IncomingMessage, response: ServerResponse, body: Buffer | undefined) => void;

/**
 * The HTTP servers of APIs: one for the API that the program declares first, one for the second, and so on. They
 * outlive a deployment, so that an open page finds its API after the next.
 */
export interface Servers {
  /** Opens the server at a position, if it isn't open yet. Its requests wait for a listener. Resolves to its URL. */
  open(position: number): Promise<string>;
  /** Lets these listeners answer from now on, each at its position, and closes all further servers. */
  serve(listeners: Listener[]): Promise<void>;
}

/** @param port the first API's port; 0 picks a free one, as for all others */
export function createServers(port: number): Servers {
  const servers: Promise<ApiServer>[] = [];
  return {
    async open(position) {
      servers[position] ??= openServer(position === 0 ? port : 0);
      return (await servers[position]).endpoint;
    },
    async serve(listeners) {
      const unused = servers.splice(listeners.length);
      // A server that could not be opened need not be closed.
      await Promise.all(unused.map((server) => server.then(({ close }) => close()).catch(() => {})));
      for (const [position, listener] of listeners.entries()) (await servers[position])?.serve(listener);
    },
  };
}

interface ApiServer {
  endpoint: string;
  serve(listener: Listener): void;
  close(): void;
}

async function openServer(port: number): Promise<ApiServer> {
  let serve: (listener: Listener) => void = () => {};
  let listener: Listener | Promise<Listener> = new Promise<Listener>((resolve) => {
    serve = resolve;
  });
  // Longer than most clients keep an idle connection: a request that meets a closing connection is lost.
  const server = createServer({ keepAliveTimeout: 65_000 }, async (request, response) => {
    try {
      const body = await readBody(request);
      // Chosen now: a deployment may have been replaced while the body arrived.
      (await listener)(request, response, body);
    } catch {
      // The client has gone away.
      response.destroy();
    }
  });
  const endpoint = await listenAt(server, port);
  return {
    endpoint,
    serve(next) {
      serve(next);
      listener = next;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Listens on the loopback address. Resolves to the URL. */
async function listenAt(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const problem = error.code === "EADDRINUSE" ? "is in use" : `cannot be used (${error.code})`;
      reject(new UserError(`Port ${port} ${problem}. Choose another with --port, or 0 for a free one.`));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}
