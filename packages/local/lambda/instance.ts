import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { exitReason, startProcess } from "./process";

export interface FunctionDefinition {
  functionArn: string;
  /** All of the function's environment, with Lambda's own variables. */
  environment: Record<string, string>;
  /** In MB. */
  memorySize: number;
  /** In seconds. */
  timeout: number;
  /** Seconds that an instance may take to load its module; by default 10, as in Lambda. */
  initTimeout?: number;
  /** The debugger's port, if there is to be one; 0 picks a free port. */
  inspectPort?: number;
  /** Called with what the function writes to its log. */
  onLog: (text: string) => void;
  /** Called with the URL for a debugger, if there is an `inspectPort`. */
  onInspect?: (url: string) => void;
}

export interface Invocation {
  functionArn: string;
  requestId: string;
  traceId: string;
  /** The event, as JSON. */
  event: string;
  /** When the invocation times out, in milliseconds since 1970. */
  deadline: number;
}

/** A result as JSON (`null` from a handler that returns nothing), or why there is none. */
export type Outcome = ({ result: string } | { error: Failure }) & {
  /** The invocation's request id, if there was an invocation. */
  requestId?: string;
  /** Whether an instance was started for it. */
  coldStart?: boolean;
};

interface Failure {
  errorType: string;
  errorMessage: string;
}

/** What `runtime.js` sends. After a fatal failure, the process ends. */
type Message = Outcome | { fatal: Failure } | { inspectorUrl?: string };

export const failure = (errorType: string, errorMessage: string): Outcome => ({
  error: { errorType, errorMessage },
});

export interface Instance {
  /** Never throws: whatever the function does is an outcome. */
  handle(event: string): Promise<Outcome>;
  /** Whether it can take another invocation: it has not crashed or timed out. */
  isAlive(): boolean;
  end(): Promise<unknown>;
}

/** In seconds. With a debugger, an instance may take this long for anything. */
const DAY = 86_400;

/** Starts a process with Lambda's runtime in it. */
export function startInstance(definition: FunctionDefinition): Instance {
  const { functionArn, inspectPort, onLog, onInspect } = definition;
  const { timeout, initTimeout = 10 } =
    inspectPort === undefined ? definition : { timeout: DAY, initTimeout: DAY };
  const child = startProcess(definition);
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", onLog);

  /** What has ended the process. */
  let death: Outcome | undefined;
  // Resolves the wait for the process's next answer. (Racing each answer against one promise of the process's end
  // would keep all answers in memory.)
  let settle: (outcome: Outcome) => void = () => {};
  const die = (outcome: Outcome) => {
    death ??= outcome;
    settle(outcome);
  };
  child.on("message", (message: Message) => {
    if ("fatal" in message) die({ error: message.fatal });
    else if (!("inspectorUrl" in message)) settle(message as Outcome);
    else if (message.inspectorUrl) onInspect?.(message.inspectorUrl);
    else if (inspectPort) onLog(`No debugger can attach: choose another port with --inspect=PORT.\n`);
  });
  child.once("exit", (code, signal) => {
    die(failure("Runtime.ExitError", `Runtime exited ${exitReason(code, signal, definition)}`));
  });
  // The process could not be started or is gone. "exit" follows, or has already been emitted.
  child.on("error", ({ message }) => die(failure("Runtime.ExitError", message)));

  /** The process's next answer, or why there is none. Ends a process that takes too long. */
  const answerWithin = (seconds: number) =>
    new Promise<Outcome>((resolve) => {
      const timer = setTimeout(() => {
        die(failure("Sandbox.Timedout", `Task timed out after ${seconds.toFixed(2)} seconds`));
        child.kill("SIGKILL");
      }, seconds * 1000);
      settle = (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      };
    });

  const ready = answerWithin(initTimeout);
  return {
    async handle(event) {
      const requestId = randomUUID();
      await ready;
      if (death) return { ...death, requestId };
      const deadline = Date.now() + timeout * 1000;
      const answer = answerWithin(timeout);
      const traceId = `${createTraceRoot()};Parent=${randomBytes(8).toString("hex")};Sampled=0`;
      child.send({ functionArn, requestId, traceId, event, deadline } satisfies Invocation);
      return { ...(await answer), requestId };
    },
    isAlive: () => !death,
    async end() {
      if (child.kill("SIGKILL")) await once(child, "exit");
    },
  };
}

/** The root of a trace, in X-Ray's form. */
export const createTraceRoot = () =>
  `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString("hex")}`;
