// Lambda's Node.js runtime: runs in a worker thread, one for each instance of a function, and takes one
// invocation at a time. What `console` writes goes to the thread's standard output.

import { existsSync } from "node:fs";

import inspector = require("node:inspector");

import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { parentPort, workerData } from "node:worker_threads";
import type { Context } from "aws-lambda";

/** What an instance is started with. */
export interface RuntimeData {
  /** The module that exports the handler: an absolute path without its extension. */
  path: string;
  /** The name under which it exports it. */
  handlerName: string;
  /** Where a debugger can attach to the thread, if it should; 0 picks a free port. */
  inspectPort?: number;
  /** Whether `console` writes a JSON object a line, as `loggingConfig.logFormat` asks for. */
  jsonLogs: boolean;
  /** What is the same for every invocation. */
  context: Partial<Context>;
}

export interface Invocation {
  requestId: string;
  /** The event, as JSON. */
  event: string;
  /** When the invocation times out, in milliseconds since 1970. */
  deadline: number;
}

export interface FunctionError {
  errorType: string;
  errorMessage: string;
}

/** A result as JSON (`null` from a handler that returns nothing), or why there is none. */
export type Outcome = ({ result: string } | { error: FunctionError }) & {
  /** Of the invocation, if it came to one. */
  requestId?: string;
  /** Whether an instance was started for it. */
  coldStart?: boolean;
};

const { path, handlerName, inspectPort, jsonLogs, context } = workerData as RuntimeData;
let requestId: string | undefined;

const levels = {
  trace: "TRACE",
  debug: "DEBUG",
  info: "INFO",
  log: "INFO",
  warn: "WARN",
  error: "ERROR",
} as const;
for (const method of Object.keys(levels) as (keyof typeof levels)[]) {
  console[method] = (...values: unknown[]) => {
    const timestamp = new Date().toISOString();
    const line = jsonLogs
      ? jsonLine({ timestamp, level: levels[method], requestId }, values)
      : [timestamp, requestId ?? "undefined", levels[method], format(...values)].join("\t");
    process.stdout.write(`${line}\n`);
  };
}

/** An error by itself is the message; one among several values also has its parts beside the message. */
function jsonLine(start: object, values: unknown[]): string {
  const [value] = values;
  if (values.length === 1) {
    const replacer = (_: string, part: unknown) =>
      part instanceof Error ? { ...partsOf(part), ...part } : part;
    try {
      return JSON.stringify({ ...start, message: value }, replacer);
    } catch {
      return JSON.stringify({ ...start, message: format(value) });
    }
  }
  const error = values.find((part) => part instanceof Error);
  return JSON.stringify({ ...start, message: format(...values), ...(error && partsOf(error)) });
}

function partsOf(error: Error) {
  const { name: errorType, message: errorMessage, stack } = error;
  return { errorType, errorMessage, stackTrace: stack?.split("\n") };
}

type Handler = (event: unknown, context: Context) => unknown;

/** Loads the handler's module: a CommonJS module or, as `.mjs`, an ES module, which may wait for something. */
async function load(): Promise<Handler> {
  const module = existsSync(`${path}.mjs`) ? await import(pathToFileURL(`${path}.mjs`).href) : require(path);
  const handler = module[handlerName];
  if (typeof handler === "function") return handler;
  throw new Error(`${handlerName} is undefined or not exported`);
}

/** Lets a debugger attach, as soon as the instance of the deployment before has left the port. */
function openInspector(port: number): void {
  inspector.open(port, "127.0.0.1");
  const url = inspector.url();
  if (url) parentPort?.postMessage({ inspectorUrl: url });
  else setTimeout(openInspector, 500, port).unref();
}
if (inspectPort !== undefined) openInspector(inspectPort);

load().then(
  (handler) => {
    parentPort?.on("message", async (invocation: Invocation) =>
      parentPort?.postMessage(await callHandler(handler, invocation)),
    );
    parentPort?.postMessage({ result: "ready" });
  },
  (error: unknown) => {
    console.error(error);
    // Ends the thread, and with it the start of the instance.
    throw error;
  },
);

async function callHandler(handler: Handler, invocation: Invocation): Promise<Outcome> {
  requestId = invocation.requestId;
  try {
    const result = await handler(JSON.parse(invocation.event), {
      ...context,
      awsRequestId: requestId,
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => Math.max(0, invocation.deadline - Date.now()),
    } as Context);
    return { result: JSON.stringify(result) ?? "null" };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(format("%s", thrown));
    console.error(error);
    return { error: { errorType: error.name, errorMessage: error.message } };
  }
}
