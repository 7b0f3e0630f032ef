import { strict as assert } from "node:assert";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { type Run, run } from "pulumi-aws-local";
import { checks } from "../commands/checks";
import { type Client, connect } from "../commands/client";
import { start, urlOf } from "../packages/local/tests/support/start";
import { createBrowser } from "./support/browser";
import { startFaultProxy } from "./support/faultproxy";
import { copyProject } from "./support/project";
import { connection } from "./support/table";

const folder = copyProject();

describe("the local run", () => {
  let running: Run;
  let url: string;

  before(async () => {
    running = await run({ folder, stack: "dev", port: 0 });
    url = String(running.outputs.url);
  });

  after(() => running.close());

  /** The counters in the table, by session id. */
  async function items({ dynamodb, outputs }: Run) {
    const client = new DynamoDBClient(connection(dynamodb));
    const { Items = [] } = await client.send(new ScanCommand({ TableName: String(outputs.tableName) }));
    client.destroy();
    return new Map(Items.map((item) => [item["session-id"]?.S, item.counter?.N]));
  }

  it("emulates the core resources with all their inputs except throttling, tracing and encryption", () => {
    const core = /^(Api|Integration|Route|Stage|Function|Permission|LogGroup|Table|Role|Policy|RolePolicy)\b/;
    assert.deepEqual(
      running.notEmulated.filter((what) => core.test(what)),
      ["Function.tracingConfig", "Stage.defaultRouteSettings", "Table.serverSideEncryption"],
    );
  });

  it("shows the counter that is in the table", async () => {
    const browser = createBrowser(url);
    await browser.visit();
    const { headers, body } = await browser.visit();
    const id = browser.jar.get("cookie-test");
    assert.equal(headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(body, `session-id: ${id}, counter: 2`);
    assert.deepEqual([...(await items(running))], [[id, "2"]]);
  });

  describe("passes the checks of npm run verify:", () => {
    let client: Client;
    before(async () => {
      client = await connect(url, "cookie-test");
      assert.ok(client.page, "the page shows no counter");
    });
    for (const { title, run: check } of checks) it(title, async () => assert.ok(await check(client)));
  });

  it("listens on 127.0.0.1 only", async () => {
    // 127.0.0.2 is another loopback address, which a server on all interfaces would also serve.
    for (const address of [url, running.dynamodb]) {
      await fetch(`http://127.0.0.1:${new URL(address).port}`);
      await assert.rejects(fetch(`http://127.0.0.2:${new URL(address).port}`));
    }
  });

  it("uses another DynamoDB with --dynamodb, with the credentials and region that it prints", async () => {
    const proxy = await startFaultProxy(running.dynamodb);
    const otherFolder = copyProject();
    writeFileSync(join(otherFolder, "Pulumi.dev.yaml"), "config:\n  aws:region: eu-west-1\n");
    const other = await run({ folder: otherFolder, stack: "dev", port: 0, dynamodb: proxy.endpoint });
    const browser = createBrowser(String(other.outputs.url));
    await browser.visit();
    assert.equal((await items(running)).get(browser.jar.get("cookie-test")), "1");
    // DynamoDB Local has a separate database for each pair.
    assert.deepEqual([...proxy.callers], ["local/eu-west-1"]);
    await other.close();
    proxy.close();
  });

  it("keeps every visit that it responded to, even after kill -9", async () => {
    const data = mkdtempSync(join(tmpdir(), "data-"));
    const first = start(["--port", "0", "--data", data], folder);
    const browser = createBrowser(await urlOf(first));
    await browser.visit();
    const killed = once(first.child, "close");
    let answered = 1;
    const visits = Array.from({ length: 8 }, async () => {
      for (;;) {
        const { body } = await browser.visit();
        answered = Math.max(answered, Number(/counter: (\d+)\b/.exec(body)?.[1]));
        if (answered >= 100) first.child.kill("SIGKILL");
      }
    });
    await Promise.allSettled(visits);
    await killed;

    const running = await run({ folder, stack: "dev", port: 0, data });
    const returning = createBrowser(String(running.outputs.url));
    returning.jar.set("cookie-test", browser.jar.get("cookie-test") ?? "");
    const { body } = await returning.visit();
    const counter = Number(/counter: (\d+)\b/.exec(body)?.[1]);
    // Up to eight visits may have been counted without a response.
    assert.ok(
      counter > answered && counter <= answered + 9,
      `${answered} visits got a response, but the next counter was ${counter}`,
    );
    await running.close();
    rmSync(data, { recursive: true });
  });
});
