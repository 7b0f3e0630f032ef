import { strict as assert } from "node:assert";
import { type Run, run } from "pulumi-aws-local";
import { checks } from "../commands/checks";
import { type Client, connect } from "../commands/client";
import { copyProject } from "./support/project";

describe("the checks, against a local run:", () => {
  let running: Run;
  let client: Client;

  before(async () => {
    running = await run({ folder: copyProject(), stack: "dev", port: 0 });
    client = await connect(String(running.outputs.url), "cookie-test");
    assert.ok(client.page, "the page shows no counter");
  });

  after(() => running?.close());

  for (const { title, run: check } of checks) {
    it(title, async () => assert.ok(await check(client)));
  }
});
