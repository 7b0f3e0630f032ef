import { strict as assert } from "node:assert";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readOptions } from "../cli/options";
import { UserError } from "../pulumi/errors";
import { type RunOptions, run } from "../run";
import { createProject, page } from "./support/project";
import { startAndFail } from "./support/start";

const table = 'new aws.dynamodb.Table("t", { hashKey: "id", attributes: [{ name: "id", type: "S" }] });\n';
const unchanged = createProject({ "index.ts": page["index.ts"] + table });

describe("a user's mistake", function () {
  this.timeout(120_000);

  it("is explained in a sentence, and the run exits with 1", async () => {
    const { code, stderr } = await startAndFail(["--stack", "nowhere"], createProject());
    assert.equal(code, 1);
    assertSentence(stderr, /no stack "nowhere".*dev/);
  });

  it("can be missing packages, or an old Node.js", async () => {
    const folder = mkdtempSync(join(tmpdir(), "empty-"));
    const { code, stderr } = await startAndFail([], folder);
    assert.equal(code, 1);
    assert.equal(stderr, "Run npm install first: there are packages missing.\n");
    writeFileSync(join(folder, "package-lock.json"), "");
    assert.match((await startAndFail([], folder)).stderr, /^Run npm ci first/);
    const old = `Object.defineProperty(process.versions, "node", { value: "18.20.8" });`;
    writeFileSync(join(folder, "old.js"), old);
    const onOld = await startAndFail([], folder, { NODE_OPTIONS: `-r ${join(folder, "old.js")}` });
    assert.equal(onOld.stderr, "This needs Node.js 20.19 or later; you have 18.20.8.\n");
    rmSync(folder, { recursive: true });
  });

  it("can be an option that npm keeps to itself", async () => {
    const npm = { npm_lifecycle_event: "start", npm_config_watch: "true" };
    const { stderr } = await startAndFail([], unchanged, npm);
    assertSentence(stderr, /npm has kept --watch to itself.*npm start -- --watch/);
  });

  it("can be an option that does not exist or has a wrong value", () => {
    const mistakes: [args: string[], message: RegExp][] = [
      [["--prot", "1"], /Unknown option '--prot'.*--help/],
      [["now"], /Unexpected argument 'now'/],
      [["--port", "http"], /--port takes a number from 0 to 65535, not "http"/],
      [["--port", "65536"], /--port takes a number/],
      [["--port", "-1"], /Option '--port' argument is ambiguous/],
      [["--inspect=here"], /--inspect takes a number from 0 to 65535, not "here"/],
      [["--data", ""], /--data takes the path of a folder/],
      [["--dynamodb", "http://127.0.0.1:8000", "--data", "x"], /--data is for the embedded/],
    ];
    for (const [args, message] of mistakes) {
      assert.throws(
        () => readOptions(args),
        (error) => error instanceof UserError && message.test(error.message),
      );
    }
  });

  function assertSentence(shown: string, message: RegExp): void {
    assert.match(shown, message);
    assert.doesNotMatch(shown, /^ +at /m);
    assert.ok(shown.trim().split("\n").length <= 3, shown);
  }

  /** A `UserError` is what `npm start` shows without its stack. */
  async function assertMistake(options: Partial<RunOptions>, message: RegExp): Promise<void> {
    await assert.rejects(run({ folder: unchanged, stack: "dev", port: 0, ...options }), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assertSentence(error.message, message);
      return true;
    });
  }

  it("can be a port that is in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await assertMistake({ port }, new RegExp(`Port ${port} is in use`));
    server.close();
  });

  it("can be a DynamoDB that does not answer, or a data folder that is a file", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    for (const dynamodb of [
      "http://127.0.0.1:1",
      "http://no-such-host.invalid",
      `http://127.0.0.1:${port}`,
    ]) {
      await assertMistake({ dynamodb }, new RegExp(`no DynamoDB answers at ${dynamodb}`));
    }
    silent.close().closeAllConnections();
    await assertMistake({ data: "package.json" }, /data folder package.json cannot be used/);
  });

  it("can be a temporary folder that does not exist", async () => {
    const { stderr } = await startAndFail(["--port", "0"], unchanged, { TMPDIR: "/nowhere" });
    assertSentence(stderr, /The temporary folder \/nowhere does not exist/);
  });

  it("can be a data folder that is corrupt", async () => {
    const corrupt = mkdtempSync(join(tmpdir(), "data-"));
    mkdirSync(join(corrupt, "dynamodb"));
    writeFileSync(join(corrupt, "dynamodb/CURRENT"), "MANIFEST-000099\n");
    await assertMistake({ data: corrupt }, /The data folder \S+ cannot be used: .*Choose another --data/);
    rmSync(corrupt, { recursive: true });
  });

  const aws = 'import * as aws from "@pulumi/aws";\n';
  const api = `${aws}const apiId = new aws.apigatewayv2.Api("a", { protocolType: "HTTP" }).id;\n`;
  const route = (inputs: string) => `${api}new aws.apigatewayv2.Route("a", { apiId, ${inputs} });`;
  const policy = (document: object) =>
    `${aws}new aws.iam.Policy("a", { policy: ${JSON.stringify(JSON.stringify(document))} });`;
  const Version = "2012-10-17";
  const inProject: Record<string, { file?: string; text: string; message: RegExp }> = {
    "an error, with its location": {
      text: "const table = undefined as any;\n\nexport const url = table.name;\n",
      message: /The program failed: .*reading 'name'\) \(index\.ts:3\)/,
    },
    "a syntax error": {
      file: "page.ts",
      text: "export const text = (;\n",
      message: /^The program failed: \S*page\.ts:1:22: Unexpected ";"$/,
    },
    "a package that is not there": {
      text: 'require("no-such-package");',
      message: /Cannot find module 'no-such-package'/,
    },
    "an invalid Pulumi.yaml": {
      file: "Pulumi.yaml",
      text: "name: [",
      message: /Pulumi\.yaml cannot be read/,
    },
    "two resources of a name": {
      text: `${aws}new aws.sns.Topic("a"); new aws.sns.Topic("a");`,
      message: /Topic "a" cannot be created: another resource of this type has the same name$/,
    },
    "a key that is no attribute": {
      text: `${aws}new aws.dynamodb.Table("a", { hashKey: "id", billingMode: "PAY_PER_REQUEST" });`,
      message: /DynamoDB refuses CreateTable: Invalid KeySchema/,
    },
    "a route key without a path": { text: route('routeKey: "GET"'), message: /"GET" is not one such as/ },
    "a target that is no integration": {
      text: route('routeKey: "GET /", target: "a"'),
      message: /target must be "integrations\/"/,
    },
    "an effect that is none": {
      text: policy({ Version, Statement: [{ Effect: "allow", Action: "a:B", Resource: "*" }] }),
      message: /a statement needs an Effect/,
    },
  };
  for (const [what, { file = "index.ts", text, message }] of Object.entries(inProject)) {
    it(`can be ${what}`, () => assertMistake({ folder: createProject({ [file]: text }) }, message));
  }
});
