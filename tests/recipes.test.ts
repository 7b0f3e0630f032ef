import { strict as assert } from "node:assert";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Run, run } from "pulumi-aws-local";
import { createBrowser } from "./support/browser";
import { copyProject } from "./support/project";
import { applyRecipe, blockUnder } from "./support/recipes";

// Each recipe of the README is followed in a copy of the project, which then runs. How they go together, and that
// their types are in order, is seen in watch.test.ts.
describe("the recipe", () => {
  let folder: string;
  let running: Run | undefined;

  beforeEach(() => {
    folder = copyProject();
  });
  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  async function runCopy(): Promise<string> {
    running = await run({ folder, stack: "dev", port: 0 });
    return running.endpoints[0] ?? "";
  }

  it('"Store data of your own" keeps a visitor\'s choice in the session', async function () {
    if (!applyRecipe("Store data of your own", folder)) this.skip();
    const url = await runCopy();
    const { visit } = createBrowser(url);
    assert.match((await visit()).body, /counter: 1, theme: light$/);
    assert.match((await visit("/?theme=dark")).body, /counter: 2, theme: dark$/);
    assert.match((await visit("/?theme=<pink>")).body, /counter: 3, theme: dark$/);
    const other = createBrowser(url);
    assert.match((await other.visit("/?theme=dark")).body, /counter: 1, theme: dark$/);
  });

  it('"Log out" ends the session, even for whoever kept the cookie', async function () {
    if (!applyRecipe("Log out", folder)) this.skip();
    const url = await runCopy();
    const { jar, visit } = createBrowser(url);
    await visit();
    const id = jar.get("cookie-test") ?? "";
    const { status, headers } = await visit("/logout", "POST");
    assert.equal(status, 200);
    assert.match(headers.get("set-cookie") ?? "", /^cookie-test=; Max-Age=0;/);
    jar.set("cookie-test", id);
    assert.match((await visit()).body, /counter: 1\b/);
    assert.notEqual(jar.get("cookie-test"), id);
    assert.equal((await createBrowser(url).visit("/logout", "POST")).status, 200);
  });

  it('"Add a function" answers a monitor without a session', async function () {
    if (!applyRecipe("Add a function", folder)) this.skip();
    const url = await runCopy();
    const { jar, visit } = createBrowser(url);
    assert.equal((await visit("/health")).body, "healthy");
    assert.equal(jar.size, 0);
    assert.match((await visit()).body, /counter: 1\b/);
  });

  it('"Use a domain of your own" has the domain in the URL', async () => {
    const commands = blockUnder("Use a domain of your own", "sh");
    const settings = [...commands.matchAll(/^pulumi config set (\w+) (\S+)$/gm)];
    assert.equal(settings.length, 2);
    const [, project] = /^name: (.+)$/m.exec(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) ?? [];
    for (const [, key, value] of settings) {
      appendFileSync(join(folder, "Pulumi.dev.yaml"), `  ${project}:${key}: ${value}\n`);
    }
    const url = await runCopy();
    assert.equal(running?.outputs.url, `https://${settings[0]?.[2]}/`);
    // Here there is no such domain; the API answers where it listens.
    assert.match((await createBrowser(url).visit()).body, /counter: 1\b/);
    assert.ok(running?.notEmulated.includes("DomainName"));
  });
});
