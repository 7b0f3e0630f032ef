import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import * as pulumi from "@pulumi/pulumi";
import { unpack } from "pulumi-aws-local";
import { evaluate } from "./support/evaluate";
import { copyProject, project } from "./support/project";
import { useTable } from "./support/table";

const run = promisify(execFile);
const FUNCTION = "aws:lambda/function:Function";
const temporary = mkdtempSync(join(tmpdir(), "bundle-"));
after(() => rmSync(temporary, { recursive: true }));

/** Invokes the handler of an unpacked archive once, in a new process outside of the project. */
async function invoke(folder: string, env: NodeJS.ProcessEnv = {}) {
  const script = `
    import { handler } from "./index.mjs";
    console.log(JSON.stringify(await handler({ routeKey: "GET /" }, {})));`;
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", script], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
  });
  return { result: JSON.parse(stdout.trim().split("\n").pop() ?? ""), log: stderr };
}

describe("a callback function", () => {
  const copy = copyProject();
  const { bundle }: typeof import("../infrastructure/bundle") = require(join(copy, "infrastructure/bundle"));

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
    const props = transform(FUNCTION, { code, handler: "__index.handler", timeout: 1 })?.props;
    assert.deepEqual([props?.handler, props?.timeout], ["index.handler", 1]);
    const bundled = props?.code as { promise(): Promise<pulumi.asset.Archive> };
    const folder = mkdtempSync(join(temporary, "archive-"));
    await unpack(await bundled.promise(), folder);
    return folder;
  }

  const resultOf = async (folder: string, env?: NodeJS.ProcessEnv) => (await invoke(folder, env)).result;

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
    assert.deepEqual(await resultOf(folder), ["hello", "b", "esbuild", "b", "function"]);
  });

  it("is in the bundle as it was serialized, even if it has require(…) in a string or a comment", async () => {
    const text = `exports.handler = async () => {
      // require("./missing")
      return ['require("cookie")', typeof require("cookie").parseCookie];
    };`;
    const folder = await packText(text);
    assert.ok(readFileSync(join(folder, "bundle.js"), "utf8").includes(text));
    assert.deepEqual(await resultOf(folder), ['require("cookie")', "function"]);
  });

  it("can capture imported packages and values, which are serialized", async () => {
    const cookie: typeof import("cookie") = require("cookie");
    const colors = { red: 1 };
    const folder = await pack(async () => [cookie.parseCookie("a=b").a, colors.red]);
    assert.deepEqual(await resultOf(folder), ["b", 1]);
  });

  it("evaluates its modules in Lambda, not on the machine that deploys it", async () => {
    writeModule("shared.ts", "export const setting = process.env.SETTING;\n");
    process.env.SETTING = "from the deploying machine";
    const folder = await pack(async () => require("./shared").setting);
    delete process.env.SETTING;
    assert.equal(await resultOf(folder, { SETTING: "from Lambda" }), "from Lambda");
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
    assert.equal(await resultOf(await pack(factory, true)), true);
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

describe("the function's archive", () => {
  const table = useTable();
  const folder = join(temporary, "visit");

  before(async () => {
    const { inputs } = await evaluate();
    await unpack(inputs("Function visit").code as pulumi.asset.Archive, folder);
  });

  const environment = () => ({
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL_DYNAMODB: table.endpoint,
    TABLE_NAME: table.name,
    COOKIE_NAME: "sid",
    IDLE_SECONDS: "60",
    ABSOLUTE_SECONDS: "600",
  });

  it("has the bundle, its source map of the program's own modules, and the module that loads it; is small", () => {
    assert.deepEqual(readdirSync(folder), ["bundle.js", "bundle.js.map", "index.mjs"]);
    const [bundle, map] = ["bundle.js", "bundle.js.map"].map((file) => readFileSync(join(folder, file)));
    assert.ok(gzipSync(bundle ?? "").length < 76_000 && gzipSync(map ?? "").length < 8_000);
    const { sources } = JSON.parse(`${map}`) as { sources: string[] };
    assert.ok(sources.includes("handler.ts") && !sources.join().includes("node_modules"));
    const missing = sources.filter((file) => file !== "callback" && !existsSync(join(project, file)));
    assert.deepEqual(missing, []);
  });

  it("is identical when it is built again, from another folder", async () => {
    // Each process evaluates a copy of the project.
    const script = `
      const { evaluate } = require("./tests/support/evaluate");
      const { unpack } = require("pulumi-aws-local");
      evaluate().then(({ inputs }) => unpack(inputs("Function visit").code, "${join(folder, "again")}"));`;
    const preload = ["-r", "pulumi-aws-local/register.js"];
    await run(process.execPath, [...preload, "-e", script], { cwd: project });
    for (const file of ["bundle.js", "bundle.js.map", "index.mjs"]) {
      const [first, again] = [".", "again"].map((path) => readFileSync(join(folder, path, file), "utf8"));
      assert.ok(first === again, file);
    }
  });

  it("works on its own, with credentials from the container endpoint, which SnapStart uses", async () => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...rest } = environment();
    let authorization: string | undefined;
    const server = createServer((request, response) => {
      authorization = request.headers.authorization;
      const Expiration = new Date(Date.now() + 3_600_000).toISOString();
      const credentials = { AccessKeyId: "a", SecretAccessKey: "b", Token: "c", Expiration };
      response.setHeader("content-type", "application/json").end(JSON.stringify(credentials));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const AWS_CONTAINER_CREDENTIALS_FULL_URI = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const AWS_CONTAINER_AUTHORIZATION_TOKEN = "token";
    const env = { ...rest, AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN };
    const { result } = await invoke(folder, env);
    server.close();
    assert.match(result.body, /counter: 1\b/);
    assert.equal(authorization, "token");
  });

  it("fails at cold start if a setting is missing, with the setting's name and the line in TypeScript", async () => {
    const { message } = await invoke(folder, { ...environment(), TABLE_NAME: "" }).catch((error) => error);
    const [, file = "", line] = /TABLE_NAME is not set\n.*\/visit\/(.*\.ts):(\d+)/.exec(message) ?? [];
    const lines = readFileSync(join(project, file), "utf8").split("\n");
    assert.match(lines[Number(line) - 1] ?? "", /throw new Error\(.* is not set/);
  });
});
