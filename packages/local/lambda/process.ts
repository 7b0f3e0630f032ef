import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { FunctionDefinition } from "./instance";

// A function in an endless loop would outlive the local run.
const processes = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of processes) child.kill("SIGKILL");
});

/**
 * Starts a process with Lambda's runtime in it. (A worker thread would start no sooner, and would share the local run's
 * working directory and options.)
 */
export function startProcess(definition: FunctionDefinition): ChildProcess {
  const { environment } = definition;
  const child = fork(join(__dirname, "runtime.js"), {
    cwd: environment.LAMBDA_TASK_ROOT,
    env: environment,
    execArgv: nodeOptions(definition),
    // The default, JSON, is slow for large events.
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  processes.add(child);
  return child.once("exit", () => processes.delete(child));
}

/** What Lambda doesn't have, by runtime: https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html */
const DISABLED = { "require-module": /nodejs2[02]/, "detect-module": /nodejs22/ };

function nodeOptions({ environment, memorySize, inspectPort }: FunctionDefinition): string[] {
  const { AWS_EXECUTION_ENV: runtime = "", NODE_OPTIONS = "" } = environment;
  const options = [`--max-old-space-size=${memorySize}`, "--disable-warning=ExperimentalWarning"];
  for (const [feature, runtimes] of Object.entries(DISABLED)) {
    const isEnabled = NODE_OPTIONS.includes(`--experimental-${feature}`);
    if (runtimes.test(runtime) && !isEnabled) options.push(`--no-experimental-${feature}`);
  }
  // Without the second option, Node.js would write the URL to the function's log.
  if (inspectPort !== undefined)
    options.push(`--inspect=127.0.0.1:${inspectPort}`, "--inspect-publish-uid=http");
  return options;
}
