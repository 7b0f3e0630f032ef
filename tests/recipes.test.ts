import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { applyPatch, parsePatch } from "diff";
import { type Run, run } from "../local/run";
import { createBrowser } from "./support/browser";
import { copyProject } from "./support/start";

const readme = readFileSync(resolve(__dirname, "../README.md"), "utf8");

// Each recipe of the README is followed in a copy of the project, which then runs.
describe("the recipe", () => {
  let folder: string;
  let running: Run | undefined;

  beforeEach(() => {
    folder = copyProject();
  });
  afterEach(async () => {
    await running?.close();
    running = undefined;
    rmSync(folder, { recursive: true });
  });

  /** The blocks of code of a language that the README has under a heading. */
  function blocks(heading: string, language: string): string[] {
    const [, section] = readme.split(`\n### ${heading}\n`);
    assert.ok(section, `the README has no heading "${heading}"`);
    const [text = ""] = section.split(/\n##+ /);
    return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, found, code = ""]) =>
      found === language ? [code] : [],
    );
  }

  function applyDiff(heading: string): void {
    const [text, ...others] = blocks(heading, "diff");
    assert.ok(text && others.length === 0);
    for (const patch of parsePatch(text)) {
      const file = join(folder, patch.newFileName?.replace("b/", "") ?? "");
      const changed = applyPatch(readFileSync(file, "utf8"), patch);
      assert.ok(changed, `${file} has changed: the README's recipe does not fit any more`);
      writeFileSync(file, changed);
    }
  }

  async function runCopy(): Promise<string> {
    running = await run({ folder, stack: "dev", port: 0 });
    return running.endpoints[0] ?? "";
  }

  const diffs: Record<string, (url: string) => Promise<void>> = {
    async "Store data of your own"(url) {
      const { visit } = createBrowser(url);
      assert.match((await visit()).body, /counter: 1, theme: light$/);
      assert.match((await visit("/?theme=dark")).body, /counter: 2, theme: dark$/);
      assert.match((await visit("/?theme=<pink>")).body, /counter: 3, theme: dark$/);
      const other = createBrowser(url);
      assert.match((await other.visit("/?theme=dark")).body, /counter: 1, theme: dark$/);
    },
    async "Log out"(url) {
      const { jar, visit } = createBrowser(url);
      await visit();
      const id = jar.get("cookie-test");
      const { status, headers } = await visit("/logout", "POST");
      assert.equal(status, 200);
      assert.match(headers.get("set-cookie") ?? "", /^cookie-test=; Max-Age=0;/);
      // Even whoever kept the cookie has no session any more.
      jar.set("cookie-test", id ?? "");
      assert.match((await visit()).body, /counter: 1$/);
      assert.notEqual(jar.get("cookie-test"), id);
      assert.equal((await createBrowser(url).visit("/logout", "POST")).status, 200);
    },
    async "Add a function"(url) {
      const { status, body, headers } = await createBrowser(url).visit("/health");
      assert.deepEqual(
        { status, body, cookie: headers.get("set-cookie") },
        { status: 200, body: "healthy", cookie: null },
      );
      assert.match((await createBrowser(url).visit()).body, /counter: 1$/);
    },
  };

  for (const [heading, tryIt] of Object.entries(diffs)) {
    it(`"${heading}" does what it says`, async () => {
      applyDiff(heading);
      await tryIt(await runCopy());
    });
  }

  it("of each kind goes with the others, and leaves types and formatting in order", async () => {
    for (const heading of Object.keys(diffs).reverse()) applyDiff(heading);
    const npx = (...args: string[]) => promisify(execFile)("npx", ["--no-install", ...args], { cwd: folder });
    await Promise.all([npx("tsc", "--noEmit"), npx("biome", "check", "--vcs-enabled=false")]);
    const url = await runCopy();
    assert.match((await createBrowser(url).visit("/?theme=dark")).body, /counter: 1, theme: dark$/);
    assert.equal((await createBrowser(url).visit("/logout", "POST")).status, 200);
    assert.equal((await createBrowser(url).visit("/health")).status, 200);
  }).timeout(60_000);

  it('"Use a domain of your own" does what it says', async () => {
    const [commands = ""] = blocks("Use a domain of your own", "sh");
    const settings = [...commands.matchAll(/^pulumi config set (\w+) (\S+)/gm)];
    assert.equal(settings.length, 2);
    const project = /^name: (.+)$/m.exec(readFileSync(join(folder, "Pulumi.yaml"), "utf8"))?.[1];
    for (const [, key, value] of settings) {
      appendFileSync(join(folder, "Pulumi.dev.yaml"), `  ${project}:${key}: ${value}\n`);
    }
    const url = await runCopy();
    assert.equal(running?.outputs.url, `https://${settings[0]?.[2]}/`);
    // Here there is no such domain; the API answers where it listens.
    assert.match((await createBrowser(url).visit()).body, /counter: 1$/);
    assert.ok(running?.notEmulated.includes("DomainName"));
  });
});
