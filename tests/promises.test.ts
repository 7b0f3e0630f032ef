import { strict as assert } from "node:assert";
import { type Run, run } from "pulumi-aws-local";
import { promises } from "../acceptance/promises";
import { createSite, type Site } from "../acceptance/site";
import { copyProject } from "./support/project";

describe("a visit promises:", () => {
  let running: Run;
  let site: Site;

  before(async () => {
    running = await run({ folder: copyProject(), stack: "dev", port: 0 });
    site = createSite(String(running.outputs.url), "cookie-test");
  });

  after(() => running?.close());

  for (const { sentence, check } of promises) {
    it(sentence, async () => assert.ok(await check(site)));
  }
});
