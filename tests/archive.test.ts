import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type * as pulumi from "@pulumi/pulumi";
import { unpack } from "../local/archive";
import { evaluate } from "./support/evaluate";
import { useTable } from "./support/table";

describe("the function's archive", () => {
  const table = useTable();
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "archive-"));
    const { inputs } = await evaluate();
    await unpack(inputs("aws:lambda/function:Function", "visit").code as pulumi.asset.Archive, folder);
  });

  after(() => rmSync(folder, { recursive: true }));

  /** Loads the handler in a process of its own, outside the project, and lets one visit come. */
  async function visit(env: Record<string, string>, event: object) {
    const script = `
      const { handler } = require("./__index");
      const context = { awsRequestId: "request-1", getRemainingTimeInMillis: () => 10_000 };
      handler(${JSON.stringify(event)}, context).then((result) => console.log(JSON.stringify(result)));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], {
      cwd: folder,
      env: { PATH: process.env.PATH, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", ...env },
    });
    return JSON.parse(stdout.trim().split("\n").pop() ?? "");
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

  it("is one file", () => {
    assert.deepEqual(readdirSync(folder), ["__index.js"]);
  });

  it("serves visits by itself, with the settings of its environment", async () => {
    const first = await visit(environment(), {});
    const id = /^session-id: (.+), counter: 1$/.exec(first.body)?.[1];
    assert.equal(first.cookies[0], `sid=${id}; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax`);
    const again = await visit(environment(), { cookies: [`sid=${id}`] });
    // The same request id as before: a retry. So the archive also knows the SDK's exception when it sees it.
    assert.equal(again.body, `session-id: ${id}, counter: 1`);
    assert.equal((await table.item(id ?? ""))?.counter?.N, "1");
  });

  it("says at its cold start which setting is missing", async () => {
    await assert.rejects(visit({ ...environment(), TABLE_NAME: "" }, {}), /TABLE_NAME is not set/);
  });
});
