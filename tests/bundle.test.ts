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
  const { bundle }: typeof import("../infrastructure/bundle") = require(join(copy, "infrastructure/bundle"));
  const out = mkdtempSync(join(tmpdir(), "bundle-"));
  after(() => rmSync(out, { recursive: true }));

  /** Writes a module next to `index.ts`. */
  const writeModule = (name: string, text: string) => writeFileSync(join(copy, name), text);
  const transform = (type: string, props: object) =>
    bundle({ type, name: "test", props, opts: {}, resource: {} as pulumi.Resource });

  /** Bundles a callback. @returns the folder that its archive is unpacked into */
  async function pack(callback: object, isFactoryFunction = false): Promise<string> {
    const { text } = await pulumi.runtime.serializeFunction(callback as () => void, { isFactoryFunction });
    return packText(text);
  }

  async function packText(text: string, file = "__index.js"): Promise<string> {
    const code = new pulumi.asset.AssetArchive({ [file]: new pulumi.asset.StringAsset(text) });
    const props = transform("aws:lambda/function:Function", {
      code,
      handler: "__index.handler",
      timeout: 1,
    })?.props;
    assert.deepEqual([props?.handler, props?.timeout], ["index.handler", 1]);
    const bundled = props?.code as { promise(): Promise<pulumi.asset.Archive> };
    const folder = mkdtempSync(join(out, "archive-"));
    await unpack(await bundled.promise(), folder);
    return folder;
  }

  /** Invokes the handler in a new process. @returns its result */
  async function invoke(folder: string, env: NodeJS.ProcessEnv = {}) {
    const script = `import { handler } from "./index.mjs"; console.log(JSON.stringify(await handler({}, {})));`;
    const args = ["--input-type=module", "-e", script];
    const { stdout } = await run(process.execPath, args, {
      cwd: folder,
      env: { PATH: process.env.PATH, ...env },
    });
    return JSON.parse(stdout);
  }

  it("can require the program's modules, packages and Node.js modules", async () => {
    // No Node.js knows `accessor` yet.
    writeModule("greeting.ts", 'export const { a } = new (class { accessor a: string = "hello"; })();\n');
    const folder = await pack(async () => [
      require("./greeting").a,
      require("cookie").parseCookie("a=b").a,
      require("esbuild/package.json").name,
      require("node:path").basename("/a/b"),
      // This one exports a function.
      typeof require("node:events"),
    ]);
    assert.deepEqual(await invoke(folder), ["hello", "b", "esbuild", "b", "function"]);
  });

  it("is in the bundle as it was serialized, even if it has require(…) in a string or a comment", async () => {
    const text = `exports.handler = async () => {
      // require("./missing")
      return ['require("cookie")', typeof require("cookie").parseCookie];
    };`;
    const folder = await packText(text);
    assert.ok(readFileSync(join(folder, "bundle.js"), "utf8").includes(text));
    assert.deepEqual(await invoke(folder), ['require("cookie")', "function"]);
  });

  it("can capture imported packages and values, which are serialized", async () => {
    const cookie: typeof import("cookie") = require("cookie");
    const colors = { red: 1 };
    const folder = await pack(async () => [cookie.parseCookie("a=b").a, colors.red]);
    assert.deepEqual(await invoke(folder), ["b", 1]);
  });

  it("evaluates its modules in Lambda, not on the machine that deploys it", async () => {
    writeModule("shared.ts", "export const setting = process.env.SETTING;\n");
    process.env.SETTING = "from the deploying machine";
    const folder = await pack(async () => require("./shared").setting);
    delete process.env.SETTING;
    assert.equal(await invoke(folder, { SETTING: "from Lambda" }), "from Lambda");
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

  it("is rejected in a message without a stack trace if a module is missing", async () => {
    const rejectsWith = (packed: Promise<string>, message: RegExp) =>
      assert.rejects(
        packed,
        (error: Error) => pulumi.RunError.isInstance(error) && message.test(error.message),
      );
    await rejectsWith(
      pack(async () => require("./missing")),
      /^The function "test" cannot be bundled: .*\ncallback:\d+:\d+: ERROR: Could not resolve "\.\/missing"$/,
    );
    writeModule("uses.ts", 'import "not-installed";\n');
    await rejectsWith(
      pack(async () => require("./uses")),
      /\nuses\.ts:1:7: ERROR: Could not resolve "not-installed"$/,
    );
    await rejectsWith(
      packText("exports.handler = () => {};", "index.js"),
      /^The function "test" cannot be bundled: it isn't a CallbackFunction\.$/,
    );
  });

  it("is all that the transformation changes", () => {
    assert.equal(transform("aws:iam/role:Role", {}), undefined);
  });
});
