// How Lambda's runtime finds and calls a function's handler.

const { existsSync } = require("node:fs");
const { basename, dirname, join } = require("node:path");
const { pathToFileURL } = require("node:url");

/**
 * Loads the handler that a function names, as in `folder/file.name` or `file.object.name`.
 *
 * @param hasCallbacks whether the function's runtime accepts handlers with a callback
 * @throws Error that Lambda would report
 */
exports.loadHandler = async (taskRoot, handlerString, hasCallbacks) => {
  const [, file, exported] = /^([^.]*)\.(.*)$/.exec(basename(handlerString)) ?? [];
  if (!file) throw failure("MalformedHandlerName", `'${handlerString}' is not a valid handler name`);
  const module = await loadModule(join(taskRoot, dirname(handlerString), file)).catch((error) => {
    if (error instanceof SyntaxError) error.name = "Runtime.UserCodeSyntaxError";
    if (/MODULE_NOT_FOUND$/.test(error.code)) error.name = "Runtime.ImportModuleError";
    throw error;
  });
  const find = (object) => exported.split(".").reduce((value, key) => value?.[key], object);
  const handler = find(module) ?? (hasCallbacks ? undefined : find(module.default));
  if (typeof handler !== "function") {
    const problem = handler ? "is not a function" : "is undefined or not exported";
    throw failure("HandlerNotFound", `${handlerString} ${problem}`);
  }
  if (handler.length >= 3 && !hasCallbacks) {
    throw failure(
      "CallbackHandlerDeprecated",
      `${handlerString} takes a callback, which Lambda refuses from nodejs24.x on: make it an async function`,
    );
  }
  return handler;
};

const failure = (name, message) => Object.assign(new Error(message), { name: `Runtime.${name}` });

async function loadModule(path) {
  const found = ["", ".js", ".mjs", ".cjs"].map((extension) => path + extension).find(existsSync);
  if (found?.endsWith(".mjs")) return import(pathToFileURL(found).href);
  try {
    // Node.js would look through a whole bundle for its exports if it were imported.
    return require(found ?? path);
  } catch (error) {
    if (!/^ERR_REQUIRE_(ESM|ASYNC_MODULE)$/.test(error.code)) throw error;
    return import(pathToFileURL(found).href);
  }
}

let onIdle = () => {};
process.on("beforeExit", () => onIdle());

/**
 * Calls a handler as nodejs20.x and nodejs22.x do: it returns a promise, or calls back, or does neither. Anything else
 * that it returns is ignored. A callback's result is sent once there is nothing left to wait for.
 */
exports.callWithCallback = (handler, event, context) =>
  new Promise((resolve, reject) => {
    const fullContext = { ...context, callbackWaitsForEmptyEventLoop: true };
    onIdle = () => {
      if (handler.constructor.name !== "AsyncFunction") return resolve(null);
      reject(failure("NodeJsExit", "the handler waits for a promise that can't settle any more"));
    };
    const callback = (error, result) => {
      if (error || !fullContext.callbackWaitsForEmptyEventLoop)
        return error ? reject(error) : resolve(result);
      onIdle = () => resolve(result);
    };
    const returned = handler(event, fullContext, callback);
    if (typeof returned?.then === "function") returned.then(resolve, reject);
  });
