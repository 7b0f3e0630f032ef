import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import type * as pulumi from "@pulumi/pulumi";
import { unpack } from "pulumi-aws-local";
import { evaluate } from "./support/evaluate";
import { project } from "./support/project";
import { useTable } from "./support/table";

const run = promisify(execFile);
const FUNCTION = "aws:lambda/function:Function";

describe("the function's archive", () => {
  const table = useTable();
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "archive-"));
    const { inputs } = await evaluate();
    await unpack(inputs(FUNCTION, "visit").code as pulumi.asset.Archive, folder);
  });

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
      evaluate().then(({ inputs }) => unpack(inputs("${FUNCTION}", "visit").code, "${join(folder, "again")}"));`;
    const preload = ["-r", "pulumi-aws-local/register.js"];
    await run(process.execPath, [...preload, "-e", script], { cwd: project });
    for (const file of ["bundle.js", "bundle.js.map", "index.mjs"]) {
      const [first, again] = [".", "again"].map((path) => readFileSync(join(folder, path, file), "utf8"));
      assert.ok(first === again, file);
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

  it("gets credentials from the container endpoint, which SnapStart uses", async () => {
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
    const { statusCode, log } = await visit(rest, {});
    assert.equal(statusCode, 503);
    assert.match(log, /No HTTP credential provider host provided/);
  });

  it("fails at cold start if a setting is missing, with the setting's name and the line in TypeScript", async () => {
    const { message } = await visit({ ...environment(), TABLE_NAME: "" }, {}).catch((error) => error);
    const [, file = "", line] =
      /TABLE_NAME is not set\n.*\/archive-[^/]+\/(.*\.ts):(\d+)/.exec(message) ?? [];
    const lines = readFileSync(join(project, file), "utf8").split("\n");
    assert.match(lines[Number(line) - 1] ?? "", /throw new Error\(.* is not set/);
  });
});
