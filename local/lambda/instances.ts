import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
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
  /** Takes what the function writes to its log. */
  onLog: (text: string) => void;
}

/** The instances of one function. */
export interface Instances {
  /** Invokes the function with an event, as JSON, in a free instance or a new one. */
  invoke(event: string): Promise<Outcome>;
  end(): Promise<void>;
}

/** As many instances as a function may have. An invocation beyond that waits for its turn. */
const MAX_INSTANCES = 8;

/** How long an instance may take to load its module, as in Lambda. */
const INIT_SECONDS = 10;

/** Runs a function as Lambda does: an instance serves one invocation at a time, and is kept for the next. */
export function createInstances(definition: FunctionDefinition): Instances {
  const idle: Instance[] = [];
  const busy = new Set<Instance>();
  const waiting: (() => void)[] = [];

  return {
    async invoke(event) {
      while (busy.size === MAX_INSTANCES) await new Promise<void>((resolve) => waiting.push(resolve));
      let warm = idle.pop();
      // One may have crashed since: of a promise that nobody awaits, say.
      while (warm && !warm.isAlive()) warm = idle.pop();
      const instance = warm ?? startInstance(definition);
      busy.add(instance);
      const outcome = await instance.invoke(event);
      busy.delete(instance);
      if (instance.isAlive()) idle.push(instance);
      waiting.shift()?.();
      return { ...outcome, coldStart: !warm };
    },
    async end() {
      await Promise.all([...idle, ...busy].map((instance) => instance.end()));
    },
  };
}

interface Instance {
  invoke(event: string): Promise<Outcome>;
  /** Whether it can take another invocation: it has not crashed or timed out. */
  isAlive(): boolean;
  end(): Promise<unknown>;
}

const runtimeSource = transpile(readFileSync(join(__dirname, "runtime.ts"), "utf8"), {
  module: ModuleKind.CommonJS,
  target: ScriptTarget.ES2022,
});

/** Starts a worker thread with Lambda's runtime in it. */
function startInstance({ runtime, environment, memorySize, timeout, onLog }: FunctionDefinition): Instance {
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
  const crash = new Promise<Outcome>((resolve) => {
    worker.once("error", ({ name, message }) => {
      alive = false;
      resolve(failure(name, message));
    });
    worker.once("exit", (code) => {
      alive = false;
      resolve(
        failure(
          "Runtime.ExitError",
          code
            ? `Runtime exited with error: exit status ${code}`
            : "Runtime exited without providing a reason",
        ),
      );
    });
  });
  const answer = () => new Promise<Outcome>((resolve) => worker.once("message", resolve));
  const ready = answer();

  /** Ends the instance if nothing came of it by then. */
  async function within(seconds: number, outcomes: Promise<Outcome>[]): Promise<Outcome> {
    let timer: NodeJS.Timeout | undefined;
    const timedOut = new Promise<Outcome>((resolve) => {
      timer = setTimeout(() => {
        alive = false;
        void worker.terminate();
        resolve(failure("Sandbox.Timedout", `Task timed out after ${seconds.toFixed(2)} seconds`));
      }, seconds * 1000);
    });
    const outcome = await Promise.race([...outcomes, timedOut]);
    clearTimeout(timer);
    return outcome;
  }

  return {
    async invoke(event) {
      const started = await within(INIT_SECONDS, [ready, crash]);
      const requestId = randomUUID();
      if (!alive) return { ...started, requestId };
      const invocation: Invocation = { requestId, event, deadline: Date.now() + timeout * 1000 };
      worker.postMessage(invocation);
      return { ...(await within(timeout, [answer(), crash])), requestId };
    },
    isAlive: () => alive,
    end: () => worker.terminate(),
  };
}

const failure = (errorType: string, errorMessage: string): Outcome => ({
  error: { errorType, errorMessage },
});
