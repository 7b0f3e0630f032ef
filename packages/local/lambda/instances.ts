import { type FunctionDefinition, failure, type Instance, type Outcome, startInstance } from "./instance";

/** The instances of one function. */
export interface Instances {
  /** Starts an instance ahead of the first invocation. */
  start(): void;
  /** Hands an event, as JSON, to a free instance or a new one. */
  serve(event: string): Promise<Outcome>;
  end(): Promise<void>;
}

/**
 * How many instances may run at first; further invocations queue, as more would only compete for this machine's cores.
 * If none becomes free for {@link STALL_MS}, all of them are waiting for something else, and as many again may start.
 */
const INSTANCES = 8;
const STALL_MS = 1000;

/** Runs a function as Lambda does: an instance handles one invocation at a time, and is kept for the next. */
export function createInstances(definition: FunctionDefinition): Instances {
  const idle: Instance[] = [];
  const busy = new Set<Instance>();
  const waiting: (() => void)[] = [];
  // A debugger's port is for one instance.
  const isInspected = definition.inspectPort !== undefined;
  let limit = isInspected ? 1 : INSTANCES;
  let ended = false;

  const stalled = setTimeout(() => {
    if (waiting.length === 0 || isInspected) return;
    limit += INSTANCES;
    for (const start of waiting.splice(0, INSTANCES)) start();
    stalled.refresh();
  }, STALL_MS).unref();

  return {
    start() {
      if (!ended) idle.push(startInstance(definition));
    },
    async serve(event) {
      while (busy.size >= limit) {
        if (waiting.length === 0) stalled.refresh();
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      if (ended) return failure("Runtime.ExitError", "the function has been removed");
      let warm = idle.pop();
      // It may have crashed since its last invocation.
      while (warm && !warm.isAlive()) warm = idle.pop();
      const instance = warm ?? startInstance(definition);
      busy.add(instance);
      const outcome = await instance.handle(event);
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
