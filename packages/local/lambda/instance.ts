import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { format } from "node:util";
import { Worker } from "node:worker_threads";
import type { Context } from "aws-lambda";

export interface FunctionDefinition {
  runtime: RuntimeData;
  environment: Record<string, string>;
  /** In MB. */
  memorySize: number;
  /** In seconds. */
  timeout: number;
  /** Seconds that an instance may take to load its module; by default 10, as in Lambda. */
  initTimeout?: number;
  /** Called with what the function writes to its log. */
  onLog: (text: string) => void;
  /** Called with the URL for a debugger, if `runtime.inspectPort` is set. */
  onInspect?: (url: string) => void;
}

/** What `runtime.js` gets at its start. */
export interface RuntimeData {
  /** The module that exports the handler: an absolute path without its extension. */
  path: string;
  /** The handler's name among the module's exports. */
  handlerName: string;
  /** The debugger's port, if there is to be one; 0 picks a free port. */
  inspectPort?: number;
  /** Whether `console` writes JSON, as `loggingConfig.logFormat` asks. */
  jsonLogs: boolean;
  /** The part of the context that is the same for every invocation. */
  context: Partial<Context>;
}

export interface Invocation {
  requestId: string;
  /** The event, as JSON. */
  event: string;
  /** When the invocation times out, in milliseconds since 1970. */
  deadline: number;
}

/** A result as JSON (`null` from a handler that returns nothing), or why there is none. */
export type Outcome = ({ result: string } | { error: { errorType: string; errorMessage: string } }) & {
  /** Of the invocation, if it came to one. */
  requestId?: string;
  /** Whether an instance was started for it. */
  coldStart?: boolean;
};

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

/** Starts a worker thread with Lambda's runtime in it. */
export function startInstance(definition: FunctionDefinition): Instance {
  const { runtime, environment, memorySize, onLog, onInspect } = definition;
  const { timeout, initTimeout = 10 } =
    runtime.inspectPort === undefined ? definition : { timeout: DAY, initTimeout: DAY };
  const worker = new Worker(join(__dirname, "runtime.js"), {
    execArgv: [],
    workerData: runtime,
    env: environment,
    resourceLimits: { maxOldGenerationSizeMb: memorySize },
    stdout: true,
    stderr: true,
  });
  for (const stream of [worker.stdout, worker.stderr]) stream.setEncoding("utf8").on("data", onLog);

  /** What has ended the thread. */
  let death: Outcome | undefined;
  // Resolves the wait for the thread's next answer. (Racing each answer against one promise of the thread's end
  // would keep all answers in memory.)
  let settle: (outcome: Outcome) => void = () => {};
  const die = (outcome: Outcome) => {
    death ??= outcome;
    settle(outcome);
  };
  worker.on("message", (message: Outcome | { inspectorUrl: string }) => {
    if ("inspectorUrl" in message) onInspect?.(message.inspectorUrl);
    else settle(message);
  });
  worker.once("error", (thrown: unknown) => {
    // JavaScript can throw anything, such as `null`.
    const { name, message } = thrown instanceof Error ? thrown : new Error(format("%s", thrown));
    die(failure(name, message));
  });
  worker.once("exit", (code) => {
    const how = code ? `with error: exit status ${code}` : "without providing a reason";
    die(failure("Runtime.ExitError", `Runtime exited ${how}`));
  });

  /** The thread's next answer, or why there is none. Ends a thread that takes too long. */
  const answerWithin = (seconds: number) =>
    new Promise<Outcome>((resolve) => {
      const timer = setTimeout(() => {
        die(failure("Sandbox.Timedout", `Task timed out after ${seconds.toFixed(2)} seconds`));
        void worker.terminate();
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
      const invocation: Invocation = { requestId, event, deadline: Date.now() + timeout * 1000 };
      worker.postMessage(invocation);
      return { ...(await answerWithin(timeout)), requestId };
    },
    isAlive: () => !death,
    end: () => worker.terminate(),
  };
}
