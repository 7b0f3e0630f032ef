import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { unpack } from "pulumi-aws-local";
import { copyProject } from "./support/project";

const run = promisify(execFile);

describe("a callback function", () => {
  const copy = copyProject();
  const { bundle } = require(
    join(copy, "infrastructure/bundle"),
  ) as typeof import("../infrastructure/bundle");
  const out = mkdtempSync(join(tmpdir(), "bundle-"));
  after(() => rmSync(out, { recursive: true }));

  /** Writes a module next to `index.ts`. */
  const writeModule = (name: string, text: string) => writeFileSync(join(copy, name), text);

  /** Bundles a callback. @returns the folder that its archive is unpacked into */
  async function pack(callback: object, isFactoryFunction = false): Promise<string> {
    const { text } = await pulumi.runtime.serializeFunction(callback as () => void, { isFactoryFunction });
    return packText(text);
  }

  async function packText(text: string, file = "__index.js"): Promise<string> {
    const archive = new pulumi.asset.AssetArchive({ [file]: new pulumi.asset.StringAsset(text) });
    const transformed = bundle({
      type: "aws:lambda/function:Function",
      name: "test",
      props: { code: archive, handler: "__index.handler" },
      opts: {},
      resource: {} as pulumi.Resource,
    });
    assert.equal(transformed?.props.handler, "index.handler");
    const code = await new Promise<pulumi.asset.Archive>((resolve, reject) => {
      const output: pulumi.Output<pulumi.asset.Archive> = transformed?.props.code;
      output.apply(resolve);
      (output as unknown as { promise(): Promise<unknown> }).promise().catch(reject);
    });
    const folder = mkdtempSync(join(out, "archive-"));
    await unpack(code, folder);
    return folder;
  }

  /** Invokes the handler in a new process. @returns its result */
  async function invoke(folder: string, env: NodeJS.ProcessEnv = {}) {
    const script = `import { handler } from "./index.mjs"; console.log(JSON.stringify(await handler({}, {})));`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...env },
    });
    return JSON.parse(stdout);
  }

  it("can be inline", async () => {
    assert.equal(await invoke(await pack(async () => "inline")), "inline");
  });

  it("can require the program's modules, packages and Node.js modules", async () => {
    writeModule("greeting.ts", 'export const greeting: string = "hello";\n');
    const folder = await pack(async () => [
      require("./greeting").greeting,
      require("cookie").parseCookie("a=b").a,
      require("node:path").basename("/a/b"),
    ]);
    assert.deepEqual(await invoke(folder), ["hello", "b", "b"]);
  });

  it("can capture imported packages and values, which are serialized", async () => {
    const cookie: typeof import("cookie") = require("cookie");
    const colors = { red: 1 };
    const folder = await pack(async () => [cookie.parseCookie("a=b").a, colors.red]);
    assert.deepEqual(await invoke(folder), ["b", 1]);
  });

  it("evaluates its modules in Lambda, not on the machine that deploys it", async () => {
    writeModule(
      "shared.ts",
      `export const started = Date.now();
      export const setting = process.env.SETTING;
      export const timer = setInterval(() => {}, 1000).unref();\n`,
    );
    process.env.SETTING = "from the deploying machine";
    const before = Date.now();
    const folder = await pack(async () => {
      const { started, setting } = require("./shared");
      return { started, setting };
    });
    delete process.env.SETTING;
    const { started, setting } = await invoke(folder, { SETTING: "from Lambda" });
    assert.equal(setting, "from Lambda");
    assert.ok(started > before);
    const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
    assert.ok(!texts.some((text) => text.includes("from the deploying machine") || text.includes(copy)));
  });

  it("can await something before its first event", async () => {
    const factory = () => {
      let waited = false;
      const init = async () => {
        waited = await new Promise((resolve) => setTimeout(resolve, 10, true));
      };
      return Object.assign(async () => waited, { init });
    };
    assert.equal(await invoke(await pack(factory, true)), true);
  });

  it("is rejected if a module is missing, with the module's name", async () => {
    await assert.rejects(
      pack(async () => require("./missing")),
      /^Error: The function "test" cannot be bundled: Could not resolve "\.\/missing"/,
    );
    writeModule("uses.ts", 'import "not-installed";\n');
    await assert.rejects(
      pack(async () => require("./uses")),
      /^Error: The function "test" cannot be bundled: Could not resolve "not-installed" \(uses\.ts:1\)/,
    );
  });

  it("is rejected if it isn't a CallbackFunction", async () => {
    await assert.rejects(
      packText("exports.handler = () => {};", "index.js"),
      /^Error: The function "test" has no __index\.js: bundle only works for a CallbackFunction\./,
    );
  });
});
