import { strict as assert } from "node:assert";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { run } from "../local/run";
import { createBrowser } from "./support/browser";
import { copyProject, start, startAndFail, untilShown } from "./support/start";

const project = resolve(__dirname, "..");

describe("npm start", () => {
  it("shows what it deploys, the outputs, the way to the table, and a line for each request", async () => {
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

    const url = /url +: "([^"]+)"/.exec(shown.stdout)?.[1] ?? "";
    await fetch(url);
    await untilShown({ child, shown }, " GET / 200 ");
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "close"), [0, null]);
    assert.equal(shown.stderr, "");
  });

  it("ends cleanly within two seconds of Ctrl-C, though a browser keeps its connection open", async () => {
    const { child, shown } = start(["--port", "0"]);
    await untilShown({ child, shown }, "Ctrl-C");
    await fetch(/url +: "([^"]+)"/.exec(shown.stdout)?.[1] ?? "");
    const asked = Date.now();
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "close"), [0, null]);
    assert.ok(Date.now() - asked < 2000);
  });

  it("loses no answered visit of its data folder to kill -9", async () => {
    const data = mkdtempSync(join(tmpdir(), "data-"));
    const first = start(["--port", "0", "--data", data]);
    await untilShown(first, "Ctrl-C");
    const browser = createBrowser(/url +: "([^"]+)"/.exec(first.shown.stdout)?.[1] ?? "");
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
    for (const option of ["--port", "--stack", "--data", "--dynamodb", "--help"])
      assert.ok(stdout.includes(option));
  });

  /** One sentence that says what is wrong, and no stack trace. */
  async function assertMistake(args: string[], message: RegExp, cwd?: string) {
    const { code, stderr } = await startAndFail(args, cwd);
    assert.equal(code, 1);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /^ +at /m);
    assert.ok(stderr.trim().split("\n").length <= 3, stderr);
  }

  it("refuses options that it does not know or understand", async () => {
    await assertMistake(["--prot", "1"], /Unknown option '--prot'.*--help/);
    await assertMistake(["now"], /Unexpected argument 'now'/);
    await assertMistake(["--port", "http"], /--port takes a number from 0 to 65535, not "http"/);
    await assertMistake(["--port", "65536"], /--port takes a number/);
    await assertMistake(["--dynamodb", "localhost:8000"], /--dynamodb takes a URL/);
    await assertMistake(["--dynamodb", "http://127.0.0.1:8000", "--data", "x"], /--data is for the embedded/);
  });

  it("says which stacks there are when there is no such stack", async () => {
    await assertMistake(["--stack", "nowhere"], /no stack "nowhere".*dev/);
  });

  it("says which port is in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await assertMistake(["--port", `${port}`], new RegExp(`Port ${port} is in use`));
    server.close();
  });

  it("says that no DynamoDB answers, and that a data folder cannot be used", async () => {
    await assertMistake(
      ["--port", "0", "--dynamodb", "http://127.0.0.1:1"],
      /no DynamoDB answers at http:\/\/127.0.0.1:1/,
    );
    await assertMistake(["--port", "0", "--data", "package.json"], /data folder package.json cannot be used/);
  });

  describe("with a mistake in the project", () => {
    let copy: string;

    beforeEach(() => {
      copy = copyProject();
    });
    afterEach(() => rmSync(copy, { recursive: true }));

    it("names the place of an error in the program", async () => {
      writeFileSync(
        join(copy, "index.ts"),
        "const table = undefined as any;\n\nexport const url = table.name;\n",
      );
      await assertMistake(["--port", "0"], /The program failed: .*reading 'name'\) \(index\.ts:3\)/, copy);
    });

    it("shows a syntax error", async () => {
      writeFileSync(join(copy, "handler.ts"), "export const createHandler = (;\n");
      await assertMistake(["--port", "0"], /handler\.ts.*1.*/s, copy);
    });

    it("says what cannot be read in Pulumi.yaml", async () => {
      writeFileSync(join(copy, "Pulumi.yaml"), "name: [");
      await assertMistake(["--port", "0"], /Pulumi\.yaml cannot be read/, copy);
    });
  });
});
