import { strict as assert } from "node:assert";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readOptions } from "../local/options";
import { UserError } from "../local/project";
import { type RunOptions, run } from "../local/run";
import { createBrowser } from "./support/browser";
import { copyProject, start, startAndFail, untilShown } from "./support/start";

const project = resolve(__dirname, "..");

describe("npm start", () => {
  it("shows what it deploys, answers, and ends within two seconds of Ctrl-C", async () => {
    const { child, shown } = start(["--port", "0"]);
    await untilShown({ child, shown }, "Ctrl-C");
    for (const resource of [
      "dynamodb/table:Table",
      "iam/role:Role",
      "lambda/function:Function",
      "apigatewayv2/api:Api",
    ]) {
      assert.match(shown.stdout, new RegExp(`\\+  aws:${resource} `));
    }
    assert.match(shown.stdout, /Outputs:\n( {4}\w+ *: ".+"\n){5}/);
    assert.match(
      shown.stdout,
      /aws dynamodb scan --table-name sessions-\w+ --endpoint-url http:\/\/127\.0\.0\.1:\d+/,
    );
    assert.match(shown.stdout, /\+ 19 created/);

    // Like a browser, this keeps its connection open.
    await fetch(urlIn(shown.stdout));
    await untilShown({ child, shown }, " GET / 200 ");
    const asked = Date.now();
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "close"), [0, null]);
    assert.ok(Date.now() - asked < 2000);
    assert.equal(shown.stderr, "");
  });

  const urlIn = (text: string) => /url +: "([^"]+)"/.exec(text)?.[1] ?? "";

  it("loses no answered visit of its data folder to kill -9", async () => {
    const data = mkdtempSync(join(tmpdir(), "data-"));
    const first = start(["--port", "0", "--data", data]);
    await untilShown(first, "Ctrl-C");
    const browser = createBrowser(urlIn(first.shown.stdout));
    await browser.visit();
    const killed = once(first.child, "close");
    let answered = 1;
    const visits = Array.from({ length: 8 }, async () => {
      for (;;) {
        const { body } = await browser.visit();
        answered = Math.max(answered, Number(/counter: (\d+)$/.exec(body)?.[1]));
        if (answered >= 100) first.child.kill("SIGKILL");
      }
    });
    await Promise.allSettled(visits);
    await killed;

    const running = await run({ folder: project, stack: "dev", port: 0, data });
    const returning = createBrowser(String(running.outputs.url));
    returning.jar.set("cookie-test", browser.jar.get("cookie-test") ?? "");
    const { body } = await returning.visit();
    const counter = Number(/counter: (\d+)$/.exec(body)?.[1]);
    // Up to eight visits may have been counted without an answer.
    assert.ok(
      counter > answered && counter <= answered + 9,
      `${answered} were answered, then came ${counter}`,
    );
    await running.close();
    rmSync(data, { recursive: true });
  }).timeout(60_000);

  it("explains its options", async () => {
    const { code, stdout } = await startAndFail(["--help"]);
    assert.equal(code, 0);
    for (const option of ["port", "stack", "data", "dynamodb", "watch", "verbose", "help"])
      assert.ok(stdout.includes(`  --${option} `));
  });

  it("says a mistake in a sentence, and exits with 1", async () => {
    const { code, stderr } = await startAndFail(["--stack", "nowhere"]);
    assert.equal(code, 1);
    assertSentence(stderr, /no stack "nowhere".*dev/);
  });

  it("refuses options that it does not know or understand", () => {
    const mistakes: [args: string[], message: RegExp][] = [
      [["--prot", "1"], /Unknown option '--prot'.*--help/],
      [["now"], /Unexpected argument 'now'/],
      [["--port", "http"], /--port takes a number from 0 to 65535, not "http"/],
      [["--port", "65536"], /--port takes a number/],
      [["--dynamodb", "localhost:8000"], /--dynamodb takes a URL/],
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
    await assert.rejects(run({ folder: project, stack: "dev", port: 0, ...options }), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assertSentence(error.message, message);
      return true;
    });
  }

  it("says which port is in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await assertMistake({ port }, new RegExp(`Port ${port} is in use`));
    server.close();
  });

  it("says that no DynamoDB answers, and that a data folder cannot be used", async () => {
    await assertMistake({ dynamodb: "http://127.0.0.1:1" }, /no DynamoDB answers at http:\/\/127.0.0.1:1/);
    await assertMistake({ data: "package.json" }, /data folder package.json cannot be used/);
  });

  describe("with a mistake in the project", () => {
    let folder: string;

    beforeEach(() => {
      folder = copyProject();
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it("names the place of an error in the program", async () => {
      const program = "const table = undefined as any;\n\nexport const url = table.name;\n";
      writeFileSync(join(folder, "index.ts"), program);
      await assertMistake({ folder }, /The program failed: .*reading 'name'\) \(index\.ts:3\)/);
    });

    it("shows a syntax error", async () => {
      writeFileSync(join(folder, "handler.ts"), "export const createHandler = (;\n");
      await assertMistake({ folder }, /handler\.ts.*1.*/s);
    });

    it("says what cannot be read in Pulumi.yaml", async () => {
      writeFileSync(join(folder, "Pulumi.yaml"), "name: [");
      await assertMistake({ folder }, /Pulumi\.yaml cannot be read/);
    });
  });
});
