import { type FunctionDefinition, failure, type Instance, type Outcome, startInstance } from "./instance";

/** How many instances may run. Further invocations queue: more would only compete for this machine's cores. */
const INSTANCES = 8;

export type Instances = ReturnType<typeof createInstances>;

/** Runs a function as Lambda does: an instance handles one invocation at a time, and is kept for the next. */
export function createInstances(definition: FunctionDefinition) {
  const idle: Instance[] = [];
  const busy = new Set<Instance>();
  const waiting: (() => void)[] = [];
  // A debugger's port is for one instance.
  const limit = definition.inspectPort === undefined ? INSTANCES : 1;
  let ended = false;

  return {
    /** Starts an instance ahead of the first invocation. */
    start() {
      if (!ended) idle.push(startInstance(definition));
    },
    /** Hands an event, as JSON, to a free instance or a new one. */
    async serve(event: string): Promise<Outcome> {
      while (busy.size >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
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
      return { ...outcome, coldStart: !warm };
    },
    async end(): Promise<void> {
      ended = true;
      await Promise.all([...idle, ...busy].map((instance) => instance.end()));
    },
  };
}
