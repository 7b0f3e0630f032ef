import { strict as assert } from "node:assert";
import type { FunctionDefinition } from "../lambda/instance";
import { createInstances, type Instances } from "../lambda/instances";
import { createProject } from "./support/project";
import { until } from "./support/until";

interface Setting extends Partial<FunctionDefinition> {
  runtime?: string;
  handler?: string;
  file?: string;
  type?: "module";
}

describe("the instances of a function", () => {
  let log = "";
  let instances: Instances;

  /** A function of its own for each test. */
  function load(code: string, setting: Setting = {}) {
    const { runtime = "nodejs24.x", handler = "index.handler", file = "index.js", type, ...limits } = setting;
    const taskRoot = createProject({ [file]: code, "package.json": JSON.stringify({ type }) }, "", {});
    instances = createInstances({
      functionArn: "arn:function",
      environment: {
        AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
        LAMBDA_TASK_ROOT: taskRoot,
        _HANDLER: handler,
      },
      memorySize: 64,
      timeout: 60,
      onLog: (text) => {
        log += text;
      },
      ...limits,
    });
    return async (event: unknown = {}) => {
      const outcome = await instances.serve(JSON.stringify(event));
      return { ...outcome, value: "result" in outcome ? JSON.parse(outcome.result) : outcome.error };
    };
  }
  const untilLogged = (pattern: RegExp) =>
    until(
      `the log to have ${pattern}`,
      () => log,
      (text) => pattern.test(text),
    );

  afterEach(() => instances.end());

  const esm = `import { setTimeout as wait } from "node:timers/promises";
    const text = await wait(10, "found");
    export const handler = async () => text;`;
  const lib = { file: "lib/index.cjs", handler: "lib/index.handler" };
  const handlers: [where: string, code: string, setting: Setting][] = [
    ["in an .mjs file, with top-level await", esm, { file: "index.mjs" }],
    ["in an ES module by its package.json", esm, { type: "module" }],
    ["in a .cjs file of a folder", "exports.handler = async () => 'found'", { ...lib, type: "module" }],
    ["in nested objects", "exports.a = { b: async () => 'found' }", { handler: "index.a.b" }],
    ["in a default export", "export default { handler: () => 'found' }", { file: "index.mjs" }],
  ];
  for (const [where, code, setting] of handlers) {
    it(`find a handler ${where}`, async () => {
      assert.equal((await load(code, setting)()).value, "found");
    });
  }

  const sdk = "require('@aws-sdk/client-s3')";
  const broken: [what: string, code: string, errorType: string, message: RegExp][] = [
    ["throws", 'throw new RangeError("too early");', "RangeError", /^too early$/],
    ["is no JavaScript", "exports.handler = (;", "Runtime.UserCodeSyntaxError", /Unexpected token/],
    ["exports another", "exports.Handler = 1", "Runtime.HandlerNotFound", /undefined or not exp/],
    ["exports no function", "exports.handler = 1", "Runtime.HandlerNotFound", /not a function/],
    ["takes a callback", "exports.handler = (a, b, c) => c()", "Runtime.CallbackHandlerDeprecated", /async/],
    ["needs a package of Lambda's", sdk, "Runtime.ImportModuleError", /run npm install --save-dev @aws-sdk/],
  ];
  for (const [what, code, errorType, message] of broken) {
    it(`report a module that ${what}`, async () => {
      log = "";
      const { value } = await load(code)();
      assert.equal(value.errorType, errorType);
      assert.match(value.errorMessage, message);
      await untilLogged(/\tundefined\tERROR\tInit Error/);
    });
  }

  // What nodejs22.x takes from a handler; nodejs24.x takes only what it returns.
  const hasty = "b.callbackWaitsForEmptyEventLoop = false";
  const given: [what: string, code: string, taken: unknown][] = [
    ["calls back", "(a, b, callback) => callback(null, 1)", 1],
    ["calls back with an error", "(a, b, callback) => callback(new RangeError('no'))", "RangeError"],
    [
      "goes on after calling back",
      "(a, b, done) => { a = [0]; done(null, a); setTimeout(() => a.push(1), 9); }",
      [0, 1],
    ],
    ["doesn't want to wait", `(a, b, done) => { ${hasty}; done(null, 1); setInterval(() => {}, 1e3); }`, 1],
    ["only returns", "() => 1", null],
    ["waits for nothing", "async () => new Promise(() => {})", "Runtime.NodeJsExit"],
  ];
  for (const [what, code, taken] of given) {
    it(`take what nodejs22.x takes from a handler that ${what}`, async () => {
      const invoke = load(`exports.handler = ${code}`, { runtime: "nodejs22.x" });
      for (const { value } of [await invoke(), await invoke()]) {
        assert.deepEqual(value?.errorType ?? value, taken);
      }
    });
  }

  it("have the function's folder as their working directory, which the function may change", async () => {
    const invoke = load(`exports.handler = async () => {
      const before = process.cwd() === process.env.LAMBDA_TASK_ROOT;
      process.chdir("..");
      return [before, process.cwd() !== process.env.LAMBDA_TASK_ROOT];
    }`);
    assert.deepEqual((await invoke()).value, [true, true]);
  });

  for (const thrown of ["new Error('no')", "null", "Object.create(null)", "Symbol('x')"]) {
    it(`survive a handler that throws ${thrown}, but log it and end where nothing catches it`, async () => {
      log = "";
      const end = `throw ${thrown};`;
      const invoke = load(`exports.handler = async () => { setTimeout(() => { ${end} }, 20); ${end} };`);
      assert.equal((await invoke()).value.errorType, "Error");
      await untilLogged(/Uncaught Exception/);
      await until("another instance", invoke, ({ coldStart }) => coldStart === true);
    });
  }

  it("don't time out with a debugger", async () => {
    const invoke = load(
      "exports.handler = () => new Promise((resolve) => setTimeout(resolve, 500, 'late'));",
      { timeout: 0.1, inspectPort: 0 },
    );
    assert.equal((await invoke()).value, "late");
  });

  it("end with their pending invocations, and accept no more", async () => {
    const forever = "new Promise(() => setInterval(() => {}, 1000))";
    const invoke = load(`exports.handler = () => { console.log("busy"); return ${forever}; };`);
    const busy = Array.from({ length: 12 }, () => invoke());
    await untilLogged(/busy/);
    await instances.end();
    for (const outcome of await Promise.all([...busy, invoke()])) assert.ok("error" in outcome);
  });
});
