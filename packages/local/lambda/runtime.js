// Lambda's Node.js runtime: it runs in a process of its own for each instance of a function, and handles one invocation
// at a time. It does what AWS's does (https://github.com/aws/aws-lambda-nodejs-runtime-interface-client): version 3 for
// nodejs20.x and nodejs22.x, version 4 for what came later. It is JavaScript because compiling it would delay each
// start.

const dns = require("node:dns");
const inspector = require("node:inspector");
const { format } = require("node:util");
const { patchConsole } = require("./console");
const { callWithCallback, loadHandler } = require("./handler");

const { env } = process;
const { AWS_EXECUTION_ENV: runtime, LAMBDA_TASK_ROOT: taskRoot, _HANDLER: handlerString } = env;
const hasCallbacks = /nodejs2[02]\.x$/.test(runtime);

// Ctrl-C reaches every process of a terminal, but the local run itself ends its functions.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit());

// Calls to other services than DynamoDB must not leave this machine. The SDK shows this error, and doesn't try again.
const { lookup } = dns;
dns.lookup = (host, ...others) => {
  if (!/\.(amazonaws\.com(\.cn)?|api\.aws|on\.aws)$/.test(host)) return lookup(host, ...others);
  process.nextTick(others.at(-1), new Error(`${host} is not emulated by the local run.`));
};

const invocation = { requestId: undefined };
patchConsole(invocation);

process.on("uncaughtException", (thrown) => crash("Uncaught Exception", toError(thrown)));
process.on("unhandledRejection", (reason) => {
  const error = toError(reason);
  crash("Unhandled Promise Rejection", error, "Runtime.UnhandledPromiseRejection");
});

/** Ends the instance. Its current invocation, if any, fails, and it must get no other. */
function crash(what, error, errorType = error.name) {
  process.send({ fatal: { errorType, errorMessage: explain(error) } }, () => process.exit(1));
  console.error(what, error);
}

loadHandler(taskRoot, handlerString, hasCallbacks).then(
  (handler) => {
    process.on("message", async (message) => {
      // Lambda runs only as long as the function has something to wait for, and this channel isn't the function's.
      process.channel.unref();
      const outcome = await handle(handler, message);
      process.channel.ref();
      process.send(outcome);
    });
    process.send({ result: "ready" });
  },
  (error) => crash("Init Error", error),
);
// Only with a debugger.
if (inspector.url()) process.send({ inspectorUrl: inspector.url() });

/** @param {import("./instance").Invocation} message */
async function handle(handler, { requestId, functionArn, traceId, event, deadline }) {
  invocation.requestId = requestId;
  env._X_AMZN_TRACE_ID = traceId;
  const context = {
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: functionArn,
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  try {
    const input = JSON.parse(event);
    const result = await (hasCallbacks
      ? callWithCallback(handler, input, context)
      : handler(input, { ...context, xRayTraceId: traceId }));
    return { result: JSON.stringify(result) ?? "null" };
  } catch (thrown) {
    const error = toError(thrown);
    console.error(error);
    return { error: { errorType: error.name, errorMessage: explain(error) } };
  }
}

/** JavaScript can throw anything, such as `null`. */
const toError = (thrown) => (thrown instanceof Error ? thrown : new Error(format("%s", thrown)));

/** An error's message, with the remedy for a missing package that Lambda's own runtime has. */
function explain({ message }) {
  const [, name] =
    /^(?:Error: )?Cannot find (?:module|package) '(@(?:aws-sdk|smithy)\/[\w-]+)/.exec(message) ?? [];
  if (!name) return message;
  return `Lambda provides ${name}, but this project doesn't have it: run npm install --save-dev ${name}`;
}
