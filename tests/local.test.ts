import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { type Run, run } from "pulumi-aws-local";
import { checks } from "../commands/checks";
import { type Client, connect } from "../commands/client";
import { createBrowser } from "./support/browser";
import { startFaultProxy } from "./support/faultproxy";
import { copyProject, project } from "./support/project";
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

  it("emulates the core resources with all their inputs except tracing and encryption", () => {
    const core = /^(Api|Integration|Route|Stage|Function|Permission|LogGroup|Table|Role|Policy|RolePolicy)\b/;
    assert.deepEqual(
      running.notEmulated.filter((what) => core.test(what)),
      ["Function.tracingConfig", "Table.serverSideEncryption"],
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

  it("starts with npm start", () => {
    const help = execFileSync("npm", ["start", "--", "--help"], { cwd: project, encoding: "utf8" });
    assert.match(help, /npm start -- \[options\]/);
  });

  it("uses another DynamoDB with --dynamodb, with the credentials and region that it prints", async () => {
    const proxy = await startFaultProxy(running.dynamodb);
    const otherFolder = copyProject();
    const network = "privateNetwork: true\n  domainName: www.example.com\n  hostedZoneId: Z1";
    writeFileSync(join(otherFolder, "Pulumi.dev.yaml"), `config:\n  aws:region: eu-west-1\n  ${network}\n`);
    const other = await run({ folder: otherFolder, stack: "dev", port: 0, dynamodb: proxy.endpoint });
    assert.equal(other.outputs.url, "https://www.example.com/");
    for (const what of ["Vpc", "IAM (with --dynamodb)"]) assert.ok(other.notEmulated.includes(what), what);
    const browser = createBrowser(`${other.endpoints[0]}/`);
    await browser.visit();
    assert.equal((await items(running)).get(browser.jar.get("cookie-test")), "1");
    // DynamoDB Local has a separate database for each pair.
    assert.deepEqual([...proxy.callers], ["local/eu-west-1"]);
    await other.close();
    proxy.close();
  });

  it("keeps sessions in a data folder, which one run can use at a time", async () => {
    const options = { folder, stack: "dev", port: 0, data: mkdtempSync(join(tmpdir(), "data-")) };
    let token = "";
    for (const counter of [1, 2]) {
      const keeping = await run(options);
      await assert.rejects(run(options), /The data folder \S+ cannot be used: .*lock/i);
      const browser = createBrowser(String(keeping.outputs.url));
      if (token) browser.jar.set("cookie-test", token);
      assert.match((await browser.visit()).body, new RegExp(`counter: ${counter}$`));
      token = browser.jar.get("cookie-test") ?? "";
      await keeping.close();
    }
    rmSync(options.data, { recursive: true });
  });

  it("keeps sessions while a route is added", async () => {
    /** Replaces a text that occurs in a file of the copy. */
    function edit(name: string, old: string, replacement: string) {
      const text = readFileSync(join(folder, name), "utf8");
      assert.ok(text.includes(old), old);
      writeFileSync(
        join(folder, name),
        text.replace(old, () => replacement),
      );
    }
    const browser = createBrowser(url);
    await browser.visit();
    edit("handler.ts", '{ "GET /": countVisit }', '{ "GET /": countVisit, "GET /visit": countVisit }');
    edit("index.ts", '["GET /"]', '["GET /", "GET /visit"]');
    await running.redeploy();
    const { body } = await browser.visit("/visit");
    assert.equal(body, `session-id: ${browser.jar.get("cookie-test")}, counter: 2`);
  });
});
