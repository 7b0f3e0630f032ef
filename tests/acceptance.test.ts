import { strict as assert } from "node:assert";
import { type Run, run } from "pulumi-aws-local";
import { checks } from "../acceptance/checks";
import { type Client, createClient } from "../acceptance/client";
import { copyProject } from "../harness/project";

describe("the acceptance checks, against a local run:", () => {
  let running: Run;
  let client: Client;

  before(async () => {
    running = await run({ folder: copyProject(), stack: "dev", port: 0 });
    client = createClient(String(running.outputs.url), "cookie-test");
  });

  after(() => running?.close());

  for (const { title, run: check } of checks) {
    it(title, async () => assert.ok(await check(client)));
  }
});
