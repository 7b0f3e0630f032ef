import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { FunctionDefinition } from "./instance";

/**
 * Starts a process with Lambda's runtime in it. (A worker thread would start no sooner, and would share the local run's
 * working directory and options.)
 */
export function startProcess(definition: FunctionDefinition): ChildProcess {
  const { environment } = definition;
  return fork(join(__dirname, "runtime.js"), {
    cwd: environment.LAMBDA_TASK_ROOT,
    env: environment,
    execArgv: nodeOptions(definition),
    // The default, JSON, is slow for large events.
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
}

function nodeOptions({ memorySize, inspectPort }: FunctionDefinition): string[] {
  const options = [`--max-old-space-size=${memorySize}`, "--disable-warning=ExperimentalWarning"];
  // Without the second option, Node.js would write the URL to the function's log.
  if (inspectPort !== undefined)
    options.push(`--inspect=127.0.0.1:${inspectPort}`, "--inspect-publish-uid=http");
  return options;
}
