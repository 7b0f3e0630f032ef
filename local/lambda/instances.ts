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

/** The instances of one function. */
export interface Instances {
  /** Starts an instance before the first invocation, for a debugger. */
  start(): void;
  /** Invokes the function with an event, as JSON, in a free instance or a new one. */
  invoke(event: string): Promise<Outcome>;
  end(): Promise<void>;
}

/**
 * As many instances run side by side at first; further invocations wait for their turn. More would only compete for
 * this machine's cores. When all of them have been busy for {@link STALL_MS}, they wait for something else,
 * and as many again may start.
 */
const INSTANCES = 8;
const STALL_MS = 1000;

/** In seconds: as long as an instance with a debugger may take for anything. */
const DAY = 86_400;

/** Runs a function as Lambda does: an instance serves one invocation at a time, and is kept for the next. */
export function createInstances(definition: FunctionDefinition): Instances {
  const idle: Instance[] = [];
  const busy = new Set<Instance>();
  const waiting: (() => void)[] = [];
  // A debugger's port is for one instance.
  const isInspected = definition.runtime.inspectPort !== undefined;
  let limit = isInspected ? 1 : INSTANCES;
  let ended = false;

  const stalled = setTimeout(() => {
    if (waiting.length === 0 || isInspected) return;
    limit += INSTANCES;
    for (const start of waiting.splice(0, INSTANCES)) start();
    stalled.refresh();
  }, STALL_MS).unref();

  return {
    start: () => idle.push(startInstance(definition)),
    async invoke(event) {
      while (busy.size >= limit) {
        if (waiting.length === 0) stalled.refresh();
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      if (ended) return failure("Runtime.ExitError", "the function has been removed");
      let warm = idle.pop();
      // One may have crashed since: of a promise that nobody awaits, say.
      while (warm && !warm.isAlive()) warm = idle.pop();
      const instance = warm ?? startInstance(definition);
      busy.add(instance);
      const outcome = await instance.invoke(event);
      busy.delete(instance);
      if (instance.isAlive()) idle.push(instance);
      waiting.shift()?.();
      stalled.refresh();
      return { ...outcome, coldStart: !warm };
    },
    async end() {
      ended = true;
      clearTimeout(stalled);
      await Promise.all([...idle, ...busy].map((instance) => instance.end()));
    },
  };
}

interface Instance {
  /** Never throws: whatever the function does is an outcome. */
  invoke(event: string): Promise<Outcome>;
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

/** Starts a worker thread with Lambda's runtime in it. */
function startInstance(definition: FunctionDefinition): Instance {
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
  // Whoever waits for the thread's next answer. A promise of the thread's end would keep all that was raced against it.
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
    async invoke(event) {
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
