import { strict as assert } from "node:assert";
import { once } from "node:events";
import { request } from "node:http";
import { text as readText } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Run, run } from "../run";
import { createProject, page, write } from "./support/project";
import { until } from "./support/until";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

describe("deploying again", () => {
  let folder: string;
  let running: Run;
  let url: string;
  let waits = 0;

  before(async () => {
    folder = createProject();
    running = await run({ folder, stack: "dev", port: 0, onWaiting: () => waits++ });
    url = String(running.outputs.url);
  });
  beforeEach(() => write(folder, page));
  after(() => running?.close());

  const visit = async (path = "") => (await fetch(url + path)).text();

  it("keeps nothing of previous deployments in memory", async () => {
    const marked = `Object(globalThis).deployments ??= [];
      Object(globalThis).deployments.push(new WeakRef(role));\n`;
    write(folder, { "index.ts": page["index.ts"] + marked });
    for (let count = 0; count < 4; count++) await running.redeploy();
    const { deployments } = globalThis as unknown as { deployments: WeakRef<object>[] };
    const kept = () => {
      collectGarbage();
      return deployments.filter((role) => role.deref()).length;
    };
    await until("the garbage collector to find the deployments before", kept, (count) => count === 1);
  });

  it("doesn't wait for pending invocations, and lets them finish", async () => {
    const slow = visit("slow");
    await running.redeploy();
    await running.redeploy();
    let isAnswered = false;
    void slow.then(() => {
      isAnswered = true;
    });
    await visit();
    assert.equal(isAnswered, false);
    assert.equal(await slow, "hello one");
  });

  it("answers a request whose body was still arriving", async () => {
    const sent = request(url, { method: "POST", headers: { "content-type": "text/plain" } });
    sent.write("first, ");
    await once(sent, "socket");
    await visit();
    await running.redeploy();
    await running.redeploy();
    sent.end("second");
    const [response] = await once(sent, "response");
    assert.equal(await readText(response), "first, second");
  });

  it("can be interrupted", async () => {
    write(folder, { "index.ts": `${page["index.ts"]}export const never = new Promise(() => {});\n` });
    const interrupt = new AbortController();
    const hanging = running.redeploy(interrupt.signal);
    await until(
      "the wait",
      () => waits,
      (count) => count === 1,
    );
    interrupt.abort();
    await assert.rejects(hanging, /The deployment was interrupted/);
    assert.equal(await visit(), "hello one");
  });

  it("keeps a table, but refuses to change its key or its indexes", async () => {
    const attribute = (name: string) => ({ name, type: "S" });
    const table = (hashKey: string, index?: string) => {
      const attributes = [hashKey, ...(index ? [index] : [])].map(attribute);
      const globalSecondaryIndexes = index ? [{ name: "by-key", hashKey: index, projectionType: "ALL" }] : [];
      return `new aws.dynamodb.Table("t", ${JSON.stringify({ hashKey, attributes, globalSecondaryIndexes })});\n`;
    };
    for (const kept of [table("a", "b"), table("a", "b")]) {
      write(folder, { "index.ts": page["index.ts"] + kept });
      await running.redeploy();
    }
    for (const changed of [table("b", "c"), table("a")]) {
      write(folder, { "index.ts": page["index.ts"] + changed });
      await assert.rejects(running.redeploy(), /already exists with another key or other indexes/);
    }
  });

  it("passes secrets, resources and unknown data sources as inputs", async () => {
    const program = page["index.ts"]
      .replace("timeout: 10,", "environment: { variables: { KEY: pulumi.secret('hidden') } },")
      .replace("function: page.name", "function: page")
      .replace("sent ?? ", "sent ?? process.env.KEY + ");
    const more = `
      new aws.iam.RolePolicyAttachment("a", { role, policyArn: aws.iam.ManagedPolicy.AWSLambdaBasicExecutionRole });
      export const found = pulumi.all([aws.getCallerIdentityOutput().accountId, aws.getAvailabilityZonesOutput().names,
        aws.getRegionOutput().region, aws.getPartitionOutput().partition]);
      export const image = aws.ec2.getAmiOutput({ mostRecent: true }).id;
      export const shared = new pulumi.StackReference("org/network/dev").getOutput("vpc");`;
    write(folder, { "index.ts": program + more });
    const { notEmulated, outputs } = await running.redeploy();
    assert.equal(await visit(), "hiddenhello one");
    const zones = ["a", "b", "c"].map((zone) => `us-east-1${zone}`);
    assert.deepEqual(outputs.found, ["000000000000", zones, "us-east-1", "aws"]);
    assert.deepEqual(notEmulated, ["StackReference", "getAmi"]);
  });

  it("gives the port to the first API, and closes the ports of removed APIs", async () => {
    const second = `export const second = publish("second");\n`;
    write(folder, { "index.ts": page["index.ts"].replace('"site"', '"renamed"') + second });
    const two = await running.redeploy();
    assert.equal(two.outputs.url, url);
    assert.equal(two.endpoints.length, 2);
    assert.equal(await (await fetch(String(two.outputs.second))).text(), "hello one");
    write(folder, page);
    const { endpoints } = await running.redeploy();
    assert.deepEqual(endpoints, [url.slice(0, -1)]);
    await assert.rejects(fetch(String(two.outputs.second)));
    assert.equal(await visit(), "hello one");
  });
});
