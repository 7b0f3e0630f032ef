import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FunctionDefinition } from "../lambda/instance";
import { createInstances, type Instances } from "../lambda/instances";
import { collectGarbage } from "./support/heap";
import { until } from "./support/until";

describe("the instances of a function", () => {
  const folder = mkdtempSync(join(tmpdir(), "instances-"));
  let log = "";
  let instances: Instances;
  let files = 0;

  /** A function of its own for each test. */
  function load(
    code: string,
    { inspectPort, ...limits }: Partial<FunctionDefinition & { inspectPort: number }> = {},
    extension = "js",
  ) {
    const path = join(folder, `function${++files}`);
    writeFileSync(`${path}.${extension}`, code);
    instances = createInstances({
      runtime: { path, handlerName: "handler", inspectPort, jsonLogs: false, context: {} },
      environment: { FOLDER: mkdtempSync(join(folder, "seen-")) },
      memorySize: 64,
      timeout: 60,
      onLog: (text) => {
        log += text;
      },
      ...limits,
    });
    return (event = {}) => instances.serve(JSON.stringify(event));
  }

  afterEach(() => instances.end());
  after(() => rmSync(folder, { recursive: true }));

  it("fail the invocation if they take too long to start", async () => {
    const forever = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);";
    const invoke = load(forever, { initTimeout: 0.25 });
    const outcome = await invoke();
    assert.ok("error" in outcome);
    assert.equal(outcome.error.errorMessage, "Task timed out after 0.25 seconds");
  });

  it("load ES modules, including their top-level await", async () => {
    const module = `import { setTimeout as wait } from "node:timers/promises";
      const text = await wait(10, "waited");
      export const handler = async () => text;`;
    const outcome = await load(module, {}, "mjs")();
    assert.equal("result" in outcome && outcome.result, '"waited"');
  });

  it("report where a module fails to load", async () => {
    const outcome = await load('\nthrow new RangeError("too early");')();
    assert.deepEqual("error" in outcome && outcome.error, {
      errorType: "RangeError",
      errorMessage: "too early",
    });
    await until(
      "the log to have the place",
      () => log,
      (text) => /function\d+\.js:2\b/.test(text),
    );
  });

  it("report a missing handler", async () => {
    const outcome = await load("exports.Handler = () => {};")();
    assert.match(JSON.stringify(outcome), /handler is undefined or not exported/);
  });

  for (const thrown of ["null", "undefined", "'text'", "Object.create(null)", "Symbol('x')"]) {
    it(`crash without affecting others when the function throws ${thrown} uncaught`, async () => {
      const crash = `setTimeout(() => { throw ${thrown}; }); await new Promise(() => {});`;
      const invoke = load(`exports.handler = async ({ crash }) => { if (!crash) return "well"; ${crash} };`);
      const crashed = await invoke({ crash: true });
      assert.ok("error" in crashed, JSON.stringify(crashed));
      const next = await invoke();
      assert.equal("result" in next && next.result, '"well"');
      assert.equal(next.coldStart, true);
    });

    it(`survive a handler that throws ${thrown}`, async () => {
      const invoke = load(`exports.handler = async ({ fail }) => { if (fail) throw ${thrown}; };`);
      const failed = await invoke({ fail: true });
      assert.ok("error" in failed && failed.error.errorType === "Error", JSON.stringify(failed));
      assert.equal((await invoke()).coldStart, false);
    });
  }

  it("grow in number while all of them are waiting", async () => {
    // None returns before all of them are there.
    const invoke = load(
      `const { readdirSync, writeFileSync } = require("node:fs");
      exports.handler = async ({ id }) => {
        writeFileSync(process.env.FOLDER + "/" + id, "");
        while (readdirSync(process.env.FOLDER).length < 12) await new Promise((go) => setTimeout(go, 50));
      };`,
    );
    const outcomes = await Promise.all(Array.from({ length: 12 }, (_, id) => invoke({ id })));
    assert.deepEqual(new Set(outcomes.map((outcome) => "result" in outcome)), new Set([true]));
  });

  it("keep nothing in memory after an invocation", async () => {
    const invoke = load("exports.handler = async () => Math.random().toString().repeat(60_000);");
    await invoke();
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let count = 0; count < 50; count++) await invoke();
    collectGarbage();
    const kept = (process.memoryUsage().heapUsed - before) / 1024 ** 2;
    // 50 answers have 50 MB.
    assert.ok(kept < 10, `${kept.toFixed(1)} MB are kept`);
  });

  it("don't time out with a debugger", async () => {
    const invoke = load(
      "exports.handler = () => new Promise((resolve) => setTimeout(resolve, 500, 'late'));",
      {
        timeout: 0.1,
        initTimeout: 0.001,
        inspectPort: 0,
      },
    );
    const outcome = await invoke();
    assert.equal("result" in outcome && outcome.result, '"late"');
  });

  it("end with their pending invocations, and accept no more", async () => {
    const invoke = load("exports.handler = () => { console.log('busy'); return new Promise(() => {}); };");
    const busy = Array.from({ length: 12 }, () => invoke());
    await until(
      "the function to be busy",
      () => log,
      (text) => text.includes("busy"),
    );
    await instances.end();
    for (const outcome of await Promise.all([...busy, invoke()])) assert.ok("error" in outcome);
  });
});
