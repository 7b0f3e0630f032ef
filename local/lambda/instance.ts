import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "node:util";
import { Worker } from "node:worker_threads";
import { ModuleKind, ScriptTarget, transpile } from "typescript";
import type { Invocation, Outcome, RuntimeData } from "./runtime";

/** How a function is run. */
export interface FunctionDefinition {
  runtime: RuntimeData;
  environment: Record<string, string>;
  /** In MB. */
  memorySize: number;
  /** In seconds. */
  timeout: number;
  /** How long an instance may take to load its module, in seconds; by default 10, as in Lambda. */
  initTimeout?: number;
  /** Takes what the function writes to its log. */
  onLog: (text: string) => void;
  /** Called with the URL at which a debugger can attach, if `runtime.inspectPort` is set. */
  onInspect?: (url: string) => void;
}

export interface Instance {
  /** Never throws: whatever the function does is an outcome. */
  handle(event: string): Promise<Outcome>;
  /** Whether it can take another invocation: it has not crashed or timed out. */
  isAlive(): boolean;
  end(): Promise<unknown>;
}

// As .cts it becomes a CommonJS module whose import() stays what it is, and loads ES modules.
const runtimeSource = transpile(
  readFileSync(join(__dirname, "runtime.ts"), "utf8"),
  { module: ModuleKind.Node16, target: ScriptTarget.ES2022 },
  "runtime.cts",
);

/** In seconds: as long as an instance with a debugger may take for anything. */
const DAY = 86_400;

/** Starts a worker thread with Lambda's runtime in it. */
export function startInstance(definition: FunctionDefinition): Instance {
  const { runtime, environment, memorySize, onLog, onInspect } = definition;
  const { timeout, initTimeout = 10 } =
    runtime.inspectPort === undefined ? definition : { timeout: DAY, initTimeout: DAY };
  const worker = new Worker(runtimeSource, {
    execArgv: [],
    eval: true,
    workerData: runtime,
    env: environment,
    resourceLimits: { maxOldGenerationSizeMb: memorySize },
    stdout: true,
    stderr: true,
  });
  for (const stream of [worker.stdout, worker.stderr]) stream.setEncoding("utf8").on("data", onLog);

  let alive = true;
  // Resolves the wait for the thread's next answer. A promise of the thread's end would keep everything that was raced against it.
  let settle: (outcome: Outcome) => void = () => {};
  const die = (outcome: Outcome) => {
    alive = false;
    settle(outcome);
  };
  worker.on("message", (message: Outcome | { inspectorUrl: string }) => {
    if ("inspectorUrl" in message) onInspect?.(message.inspectorUrl);
    else settle(message);
  });
  worker.once("error", (thrown: unknown) => {
    const { name, message } = toError(thrown);
    die(failure(name, message));
  });
  worker.once("exit", (code) => {
    const how = code ? `with error: exit status ${code}` : "without providing a reason";
    die(failure("Runtime.ExitError", `Runtime exited ${how}`));
  });

  /** The thread's next answer, or what ended it. It ends if there is neither by then. */
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
      const init = await ready;
      if (!alive) return { ...init, requestId };
      const invocation: Invocation = { requestId, event, deadline: Date.now() + timeout * 1000 };
      worker.postMessage(invocation);
      return { ...(await answerWithin(timeout)), requestId };
    },
    isAlive: () => alive,
    end: () => worker.terminate(),
  };
}

/** The outcome of an invocation that has no result. */
export const failure = (errorType: string, errorMessage: string): Outcome => ({
  error: { errorType, errorMessage },
});

/** JavaScript throws anything: `null`, say. */
const toError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(format("%s", thrown)));
