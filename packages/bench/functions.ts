import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { architectTable, type Network } from "./network";

export interface Requests {
  /** The visitors' cookies; an empty one is a new visitor. They request the pages by turns. */
  visitors: string[];
  pages: string[];
  /** How many requests are on their way at once. By default, one. */
  parallel?: number;
  /** Milliseconds before each request: this, up to twice as many. */
  pause?: number;
}

export interface Answers {
  /** The visitors' cookies afterwards. */
  visitors: string[];
  bodies: string[];
  /** Milliseconds that the handler took for each page, in the order of their answers. */
  durations: number[];
  /** Milliseconds from the first request to the last answer, and of the process's CPU time. */
  milliseconds: number;
  cpu: number;
}

export type Instance = Awaited<ReturnType<typeof startFunction>>;

/** Starts a function in its own process. Resolves after INIT. */
export async function startFunction(folder: string, table: string, endpoint: Network["endpoint"]) {
  const child = fork(join(__dirname, "function.mjs"), {
    cwd: folder,
    execArgv: [],
    env: {
      PATH: process.env.PATH,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      AWS_SESSION_TOKEN: "x".repeat(700), // as long as a role's
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      AWS_ENDPOINT_URL: endpoint.url,
      NODE_EXTRA_CA_CERTS: endpoint.certificate,
      TABLE_NAME: table,
      COOKIE_NAME: "sid",
      IDLE_SECONDS: "1800",
      ABSOLUTE_SECONDS: "43200",
      // In other environments, the client of @architect/functions opens a connection for every call.
      ARC_ENV: "production",
      ARC_STACK_NAME: "App",
      ARC_SESSION_TABLE_NAME: architectTable,
      ARC_APP_SECRET: "secret",
    },
  });
  const exit = once(child, "exit");
  const message = async (): Promise<Answers> => {
    const [answer] = await Promise.race([once(child, "message"), exit]);
    if (child.exitCode !== null) throw new Error(`the function on ${table} ended with code ${answer}`);
    return answer;
  };
  const { cpu: initCpu } = await message();
  return {
    pid: child.pid ?? 0,
    /** Milliseconds of CPU time that INIT took. */
    initCpu,
    async request(requests: Requests) {
      child.send(requests);
      return message();
    },
    async close() {
      if (child.connected) child.disconnect();
      await exit;
    },
  };
}
