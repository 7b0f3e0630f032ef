import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { UserError } from "../pulumi/errors";

/** Answers a request whose body has been read. */
export type Listener = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

export type Servers = ReturnType<typeof createServers>;

/**
 * The HTTP servers of APIs: one for the API that the program declares first, one for the second, and so on. They
 * outlive a deployment, so that an open page finds its API after the next.
 *
 * @param port the first API's port; 0 picks a free one, as for all others
 */
export function createServers(port: number) {
  const servers: ReturnType<typeof openServer>[] = [];
  return {
    /** Opens the server at a position, if it isn't open yet. Its requests wait for a listener. Resolves to its URL. */
    async open(position: number): Promise<string> {
      servers[position] ??= openServer(position === 0 ? port : 0);
      return (await servers[position]).endpoint;
    },
    /** Has these listeners answer from now on, each at its position, and closes all servers beyond them. */
    async serve(listeners: Listener[]): Promise<void> {
      const unused = servers.splice(listeners.length);
      // One that could not be opened need not be closed.
      await Promise.all(unused.map((server) => server.then(({ close }) => close()).catch(() => {})));
      for (const [position, listener] of listeners.entries()) (await servers[position])?.serve(listener);
    },
  };
}

async function openServer(port: number) {
  let serve: (listener: Listener) => void = () => {};
  let listener: Listener | Promise<Listener> = new Promise<Listener>((resolve) => {
    serve = resolve;
  });
  // Longer than most clients keep an idle connection: a request that meets a closing connection is lost.
  const server = createServer({ keepAliveTimeout: 65_000 }, async (request, response) => {
    try {
      const body = await buffer(request);
      // Chosen now: a deployment may have been replaced while the body arrived.
      (await listener)(request, response, body);
    } catch {
      // The client has gone away.
      response.destroy();
    }
  });
  await once(server.listen(port, "127.0.0.1"), "listening").catch(({ code }) => {
    const problem = code === "EADDRINUSE" ? "is in use" : `cannot be used (${code})`;
    throw new UserError(`Port ${port} ${problem}. Choose another with --port, or 0 for a free one.`);
  });
  return {
    endpoint: `http://localhost:${(server.address() as AddressInfo).port}`,
    serve(next: Listener): void {
      serve(next);
      listener = next;
    },
    close(): void {
      server.close();
      server.closeAllConnections();
    },
  };
}
