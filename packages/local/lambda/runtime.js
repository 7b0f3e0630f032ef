// Lambda's Node.js runtime. It runs in a worker thread for each instance of a function and handles one invocation
// at a time. It is plain JavaScript because a worker thread can't load TypeScript.

const { existsSync } = require("node:fs");
const inspector = require("node:inspector");
const { pathToFileURL } = require("node:url");
const { format } = require("node:util");
const { parentPort, workerData } = require("node:worker_threads");

/** @type {import("./instance").RuntimeData} */
const { path, handlerName, inspectPort, jsonLogs, context } = workerData;
let requestId;

const levels = { trace: "TRACE", debug: "DEBUG", info: "INFO", log: "INFO", warn: "WARN", error: "ERROR" };
for (const [method, level] of Object.entries(levels)) {
  console[method] = (...values) => {
    const timestamp = new Date().toISOString();
    const line = jsonLogs
      ? jsonLine({ timestamp, level, requestId }, values)
      : [timestamp, requestId ?? "undefined", level, format(...values)].join("\t");
    process.stdout.write(`${line}\n`);
  };
}

/** An error by itself becomes the message; the parts of one among several values go beside the message. */
function jsonLine(start, values) {
  const [value] = values;
  if (values.length === 1) {
    const replacer = (_, part) => (part instanceof Error ? { ...partsOf(part), ...part } : part);
    try {
      return JSON.stringify({ ...start, message: value }, replacer);
    } catch {
      return JSON.stringify({ ...start, message: format(value) });
    }
  }
  const error = values.find((part) => part instanceof Error);
  return JSON.stringify({ ...start, message: format(...values), ...(error && partsOf(error)) });
}

function partsOf({ name: errorType, message: errorMessage, stack }) {
  return { errorType, errorMessage, stackTrace: stack?.split("\n") };
}

/** Loads the handler from a CommonJS module or, if there is an `.mjs` file, from an ES module. */
async function load() {
  const module = existsSync(`${path}.mjs`) ? await import(pathToFileURL(`${path}.mjs`).href) : require(path);
  const handler = module[handlerName];
  if (typeof handler === "function") return handler;
  throw new Error(`${handlerName} is undefined or not exported`);
}

/** Opens the debugger's port, which the instance of the previous deployment may not have released yet. */
function openInspector(port) {
  inspector.open(port, "127.0.0.1");
  const url = inspector.url();
  if (url) parentPort.postMessage({ inspectorUrl: url });
  else setTimeout(openInspector, 500, port).unref();
}
if (inspectPort !== undefined) openInspector(inspectPort);

load().then(
  (handler) => {
    parentPort.on("message", async (invocation) =>
      parentPort.postMessage(await callHandler(handler, invocation)),
    );
    parentPort.postMessage({ result: "ready" });
  },
  (error) => {
    console.error(error);
    // Ends the thread.
    throw error;
  },
);

/** @param {import("./instance").Invocation} invocation */
async function callHandler(handler, { event, deadline, ...invocation }) {
  requestId = invocation.requestId;
  try {
    const result = await handler(JSON.parse(event), {
      ...context,
      awsRequestId: requestId,
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    });
    return { result: JSON.stringify(result) ?? "null" };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(format("%s", thrown));
    console.error(error);
    return { error: { errorType: error.name, errorMessage: error.message } };
  }
}
