import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { UserError } from "../pulumi/errors";

/** The HTTP servers of APIs. They outlive a deployment, so that an open page finds its API after the next. */
export interface Ports {
  /** Begins a deployment. What was deployed before goes on until it is completed. */
  deployment(): PortsOfDeployment;
  /** The URLs at which the APIs of the last deployment listen, in the order of their declaration. */
  endpoints(): string[];
  close(): void;
}

/** The servers of a deployment. */
export interface PortsOfDeployment {
  /** Listens for an API. Requests that arrive before the deployment is completed wait. Resolves to its URL. */
  open(name: string): Promise<string>;
  /** Lets an API's requests be answered by `listener` once the deployment is completed. */
  serve(name: string, listener: RequestListener): void;
  /**
   * Lets the new listeners answer, and closes the servers of APIs that are no longer declared. The promise
   * resolves when the requests that the previous listeners have begun with are answered.
   */
  complete(): { answered: Promise<void> };
  /** Closes what only this deployment has opened. */
  abandon(): void;
}

interface ApiServer {
  endpoint: string;
  /** Answers requests from now on; before the first listener, requests wait. */
  listen(listener: RequestListener): void;
  /** Resolves when all requests that arrived before are answered. */
  answered(): Promise<unknown>;
  close(): void;
}

/** @param port where the first API that is declared listens; 0 picks a free port, and so do further APIs */
export function createPorts(port: number): Ports {
  let current = new Map<string, ApiServer>();
  return {
    deployment() {
      const opening = new Map<string, Promise<ApiServer>>();
      const opened = new Map<string, ApiServer>();
      const listeners = new Map<string, RequestListener>();
      const [[firstName, first] = []] = current;
      const open = async (name: string, isFirst: boolean): Promise<ApiServer> => {
        // The run's port is that of whichever API comes first: also of one that has been renamed.
        const known = isFirst ? first : name === firstName ? undefined : current.get(name);
        const server = known ?? (await openServer(isFirst ? port : 0));
        opened.set(name, server);
        return server;
      };
      const close = (servers: Iterable<ApiServer>, kept: Map<string, ApiServer>) => {
        for (const server of servers) if (![...kept.values()].includes(server)) server.close();
      };
      return {
        async open(name) {
          const server = opening.get(name) ?? open(name, opening.size === 0);
          opening.set(name, server);
          return (await server).endpoint;
        },
        serve: (name, listener) => listeners.set(name, listener),
        complete() {
          const previous = current;
          const answered = Promise.all([...previous.values()].map((server) => server.answered()));
          current = new Map(
            [...opening.keys()].flatMap((name) => {
              const server = opened.get(name);
              return server ? [[name, server]] : [];
            }),
          );
          for (const [name, listener] of listeners) current.get(name)?.listen(listener);
          close(previous.values(), current);
          return { answered: answered.then(() => {}) };
        },
        abandon: () => close(opened.values(), current),
      };
    },
    endpoints: () => [...current.values()].map(({ endpoint }) => endpoint),
    close() {
      for (const server of current.values()) server.close();
    },
  };
}

async function openServer(port: number): Promise<ApiServer> {
  let answer: (listener: RequestListener) => void = () => {};
  let listener: RequestListener | Promise<RequestListener> = new Promise<RequestListener>((resolve) => {
    answer = resolve;
  });
  const unanswered = new Set<Promise<unknown>>();
  // Longer than most clients keep an idle connection: one that closes as a request comes loses the request.
  const server = createServer({ keepAliveTimeout: 65_000 }, async (request, response) => {
    const closed = new Promise((resolve) => response.once("close", resolve));
    unanswered.add(closed);
    closed.then(() => unanswered.delete(closed));
    (await listener)(request, response);
  });
  const endpoint = await listenAt(server, port);
  return {
    endpoint,
    listen(next) {
      answer(next);
      listener = next;
    },
    answered: () => Promise.all(unanswered),
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
