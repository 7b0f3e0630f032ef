import { fork } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";

export interface FunctionDefinition {
  functionArn: string;
  /** All of the function's environment, with Lambda's own variables. */
  environment: Record<string, string>;
  /** In MB. */
  memorySize: number;
  /** In seconds. */
  timeout: number;
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
  event: string;
  /** When the invocation times out, in milliseconds since 1970. */
  deadline: number;
}

/** A result as JSON (`null` from a handler that returns nothing), or why there is none. */
export type Outcome = ({ result: string } | { error: { errorType: string; errorMessage: string } }) & {
  /** Of the invocation, if it came to one. */
  requestId?: string;
  coldStart?: boolean;
};

/** What `runtime.js` sends. After a fatal failure, the process ends. */
type Message = Outcome | { fatal: { errorType: string; errorMessage: string } } | { inspectorUrl: string };

export const failure = (errorType: string, errorMessage: string): Outcome => ({
  error: { errorType, errorMessage },
});

/** Seconds that an instance may take to load its module, as in Lambda. */
const INIT_TIMEOUT = 10;
/** In seconds. With a debugger, an instance may take this long for anything. */
const DAY = 86_400;

export type Instance = ReturnType<typeof startInstance>;

export function startInstance(definition: FunctionDefinition) {
  const { functionArn, environment, memorySize, inspectPort, onLog, onInspect } = definition;
  const isInspected = inspectPort !== undefined;
  const options = [`--max-old-space-size=${memorySize}`, "--disable-warning=ExperimentalWarning"];
  // Without the second option, Node.js would write the URL to the function's log.
  if (isInspected) options.push(`--inspect=127.0.0.1:${inspectPort}`, "--inspect-publish-uid=http");
  // A worker thread would start no sooner, and would share the local run's working directory and options.
  const child = fork(join(__dirname, "runtime.js"), {
    cwd: environment.LAMBDA_TASK_ROOT,
    env: environment,
    execArgv: options,
    // The default, JSON, is slow for large events.
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", onLog);

  let death: Outcome | undefined;
  // Resolves the wait for the process's next answer. (Racing each answer against one promise of the process's end
  // would keep all answers in memory.)
  let settle: (outcome: Outcome) => void = () => {};
  const die = (outcome: Outcome) => {
    death ??= outcome;
    settle(outcome);
  };
  child.on("message", (message: Message) => {
    if ("inspectorUrl" in message) onInspect?.(message.inspectorUrl);
    else if ("fatal" in message) die({ error: message.fatal });
    else settle(message);
  });
  child.once("exit", (code, signal) => {
    // Node.js aborts when its heap is full.
    const memory = signal === "SIGABRT" ? `, probably for lack of memory (${memorySize} MB)` : "";
    const reason = signal ? `signal: ${signal}${memory}` : `exit status ${code}`;
    die(failure("Runtime.ExitError", `Runtime exited with error: ${reason}`));
  });
  // A process that could not be started or is gone: "exit" follows, or has come before.
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

  const ready = answerWithin(isInspected ? DAY : INIT_TIMEOUT);
  return {
    /** Never throws: whatever the function does is an outcome. */
    async handle(event: string): Promise<Outcome> {
      const requestId = randomUUID();
      await ready;
      if (death) return { ...death, requestId };
      const timeout = isInspected ? DAY : definition.timeout;
      const deadline = Date.now() + timeout * 1000;
      const answer = answerWithin(timeout);
      const traceId = `${createTraceRoot()};Parent=${randomBytes(8).toString("hex")};Sampled=0`;
      child.send({ functionArn, requestId, traceId, event, deadline } satisfies Invocation);
      return { ...(await answer), requestId };
    },
    /** Whether it can take another invocation: it has not crashed or timed out. */
    isAlive: () => !death,
    async end() {
      if (child.kill("SIGKILL")) await once(child, "exit");
    },
  };
}

/** The root of a trace, in X-Ray's form. */
export const createTraceRoot = () =>
  `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString("hex")}`;
