import { strict as assert } from "node:assert";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

describe("a user's mistake", () => {
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

  it("can be an option that npm keeps to itself, which ends the run with the exit code 1", async () => {
    const npm = { npm_lifecycle_event: "start", npm_config_watch: "true" };
    const { code, stderr } = await startAndFail([], unchanged, npm);
    assert.equal(code, 1);
    assertSentence(stderr, /npm has kept --watch to itself.*npm start -- --watch/);
  });

  it("can be an option that does not exist or has a wrong value", () => {
    const mistakes: [args: string[], message: RegExp][] = [
      [["--prot", "1"], /Unknown option '--prot'.*--help/],
      [["--port", "http"], /--port takes a number from 0 to 65535, not "http"/],
      [["--port", "65536"], /--port takes a number/],
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
    for (const dynamodb of ["http://127.0.0.1:1", `http://127.0.0.1:${port}`]) {
      await assertMistake({ dynamodb }, new RegExp(`no DynamoDB answers at ${dynamodb}`));
    }
    silent.close().closeAllConnections();
    await assertMistake({ data: "package.json" }, /data folder package.json cannot be used/);
  });

  it("can be a temporary folder that does not exist", async () => {
    const { stderr } = await startAndFail(["--port", "0"], unchanged, { TMPDIR: "/nowhere" });
    assertSentence(stderr, /The temporary folder \/nowhere does not exist/);
  });

  const aws = 'import * as aws from "@pulumi/aws";\n';
  const inProject: [what: string, text: string, message: RegExp, file?: string][] = [
    ["an error, with its place", "type A = {\n  b: 1;\n};\n(null as unknown as A).b;\n", / \(index\.ts:4\)$/],
    ["a syntax error", "export const a = (;\n", /failed: \S*page\.ts:1:19: Unexpected ";"$/, "page.ts"],
    ["a package that is not there", 'require("no-such-package");', /Cannot find module 'no-such-package'/],
    ["an invalid Pulumi.yaml", "name: [", /Pulumi\.yaml cannot be read/, "Pulumi.yaml"],
    [
      "two resources of a name",
      `${aws}new aws.sns.Topic("a"); new aws.sns.Topic("a");`,
      /Topic "a" cannot be created: another resource of this type has the same name$/,
    ],
    [
      "a key that is no attribute",
      `${aws}new aws.dynamodb.Table("a", { hashKey: "id", billingMode: "PAY_PER_REQUEST" });`,
      /DynamoDB refuses CreateTable: Invalid KeySchema/,
    ],
  ];
  for (const [what, text, message, file = "index.ts"] of inProject) {
    it(`can be ${what}`, () => assertMistake({ folder: createProject({ [file]: text }) }, message));
  }
});
