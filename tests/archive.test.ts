import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import type * as pulumi from "@pulumi/pulumi";
import { unpack } from "pulumi-aws-local";
import { bundle } from "../infrastructure/bundle";
import { evaluate } from "./support/evaluate";
import { useTable } from "./support/table";

const run = promisify(execFile);
const project = resolve(__dirname, "..");

describe("the function's archive", () => {
  const table = useTable();
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "archive-"));
    await unpackArchive(folder);
  });

  async function unpackArchive(target: string) {
    const { inputs } = await evaluate();
    await unpack(inputs("aws:lambda/function:Function", "visit").code as pulumi.asset.Archive, target);
  }

  after(() => rmSync(folder, { recursive: true }));

  /** Invokes the handler once in a new process, outside the project. */
  async function visit(env: Record<string, string>, event: object) {
    const script = `
      import { handler } from "./index.mjs";
      const context = { awsRequestId: "request-1", getRemainingTimeInMillis: () => 10_000 };
      console.log(JSON.stringify(await handler(${JSON.stringify({ routeKey: "GET /", ...event })}, context)));`;
    const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", script], {
      cwd: folder,
      env: { PATH: process.env.PATH, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", ...env },
    });
    return { ...JSON.parse(stdout.trim().split("\n").pop() ?? ""), log: stderr };
  }

  const environment = () => ({
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL_DYNAMODB: table.endpoint,
    TABLE_NAME: table.name,
    COOKIE_NAME: "sid",
    IDLE_SECONDS: "60",
    ABSOLUTE_SECONDS: "600",
  });

  const sizeOf = (file: string) => gzipSync(readFileSync(join(folder, file))).length;

  it("contains the bundle, its source map and the module that loads it", () => {
    assert.deepEqual(readdirSync(folder), ["bundle.js", "bundle.js.map", "index.mjs"]);
  });

  it("is small", () => {
    assert.ok(sizeOf("bundle.js") < 80_000, `${sizeOf("bundle.js")} bytes gzipped`);
    assert.ok(sizeOf("bundle.js.map") < 8_000, `${sizeOf("bundle.js.map")} bytes gzipped`);
  });

  it("has a source map of the program's own modules, with their paths in the project", () => {
    const { sources } = JSON.parse(readFileSync(join(folder, "bundle.js.map"), "utf8"));
    assert.deepEqual(sources, [
      "<stdin>",
      "handler.ts",
      ...["index", "change", "errors", "item", "request", "store", "tokens"].map(
        (name) => `sessions/${name}.ts`,
      ),
    ]);
  });

  it("bundles functions only, not their roles", () => {
    const role = {
      type: "aws:iam/role:Role",
      name: "visit",
      props: {},
      opts: {},
      resource: {} as pulumi.Resource,
    };
    assert.equal(bundle(role), undefined);
  });

  it("is identical every time, and in another clone of the project", async () => {
    const copy = join(folder, "project");
    mkdirSync(copy);
    for (const name of readdirSync(project)) {
      if (/\.(ts|json|yaml|md)$|^(infrastructure|packages|sessions|tests)$/.test(name)) {
        cpSync(join(project, name), join(copy, name), { recursive: true });
      }
    }
    symlinkSync(join(project, "node_modules"), join(copy, "node_modules"));
    const script = `
      const { evaluate } = require("./tests/support/evaluate");
      const { unpack } = require("./packages/local/lambda/archive");
      evaluate().then(({ inputs }) => unpack(inputs("aws:lambda/function:Function", "visit").code, "archive"));`;
    await run(process.execPath, ["-r", "ts-node/register", "-e", script], { cwd: copy });
    await unpackArchive(join(folder, "again"));
    for (const file of ["bundle.js", "bundle.js.map", "index.mjs"]) {
      const [first, again, inCopy] = [".", "again", "project/archive"].map((path) =>
        readFileSync(join(folder, path, file), "utf8"),
      );
      assert.ok(first === again && first === inCopy, file);
      assert.ok(!first?.includes(project), file);
    }
  });

  it("works on its own, with the settings in its environment", async () => {
    const first = await visit(environment(), {});
    const id = /^session-id: (.+), counter: 1\b/.exec(first.body)?.[1];
    assert.equal(first.cookies[0], `sid=${id}; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax`);
    const again = await visit(environment(), { cookies: [`sid=${id}`] });
    assert.equal(again.body, `session-id: ${id}, counter: 2`);
    // The bundle must also recognize the SDK's exception.
    const unknown = await visit(environment(), { cookies: [`sid=${randomUUID()}`] });
    assert.match(unknown.body, /counter: 1$/);
  });

  it("gets credentials from the container endpoint, as functions with SnapStart do", async () => {
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
    const { body } = await visit(env, {});
    server.close();
    assert.match(body, /counter: 1\b/);
    assert.equal(authorization, "token");
  });

  it("logs that it has no credentials", async () => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...rest } = environment();
    const { statusCode, log } = await visit({ ...rest, AWS_EC2_METADATA_DISABLED: "true" }, {});
    assert.equal(statusCode, 503);
    assert.match(
      log,
      /Could not load credentials from any providers|EC2 Instance Metadata Service access disabled/,
    );
  });

  it("fails at cold start if a setting is missing, with the setting's name and the line in TypeScript", async () => {
    const missing = visit({ ...environment(), TABLE_NAME: "" }, {});
    const line = lineOf("handler.ts", "is not set`");
    await assert.rejects(missing, new RegExp(`TABLE_NAME is not set\n.*required.*handler\\.ts:${line}\\b`));
  });

  it("shows the line in TypeScript of an error", async () => {
    // No real event has cookies that aren't strings.
    const line = lineOf("sessions/tokens.ts", "parseCookie(pair,");
    await assert.rejects(
      visit(environment(), { cookies: [1] }),
      new RegExp(`TypeError.*\n(.*\n)* +at .*tokens\\.ts:${line}\\b`),
    );
  });

  const lineOf = (file: string, text: string) => {
    const lines = readFileSync(join(project, file), "utf8").split("\n");
    return lines.findIndex((line) => line.includes(text)) + 1;
  };
});
