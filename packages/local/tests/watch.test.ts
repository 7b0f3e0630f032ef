import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createProject, page, write } from "./support/project";
import { type Started, start, untilShown, urlOf } from "./support/start";
import { until } from "./support/until";

// One run, whose project changes from test to test. Each test waits for what a person would see: the page.
describe("--watch", function () {
  this.timeout(120_000);
  let folder: string;
  let running: Started;
  let url: string;

  before(async () => {
    // A project below a folder node_modules is one as well.
    folder = createProject({}, "a/node_modules/app");
    running = start(["--watch", "--port", "0"], folder);
    await untilShown(running, "Deploying");
    // The compiler is not ready yet, and the program is perhaps being read.
    write(folder, { "Pulumi.dev.yaml": "config:\n  greeting: welcome\n" });
    url = await urlOf(running);
  });
  after(async () => {
    if (running?.child.kill("SIGTERM")) await once(running.child, "close");
  });

  const visit = async () => (await fetch(url)).text();
  const untilPageIs = (text: string) => until(`the page "${text}"`, visit, (seen) => seen === text);

  it("notices settings that change during the first deployment", async () => {
    await untilPageIs("welcome one");
    await untilShown(running, "Watching for changes.");
    await untilShown(running, "Checking types ...");
  });

  it("deploys changed code at the same address", async () => {
    write(folder, { "page.ts": `export const text: string = "two";\n` });
    await untilPageIs("welcome two");
  });

  it("shows a type error with its location, and keeps the previous deployment", async () => {
    const from = running.shown.stderr.length;
    write(folder, { "page.ts": "export const text: string = 3;\n" });
    const mistake = /page\.ts\(1,\d+\): error TS2322: .*\nThe previous deployment is still running\./;
    await until(
      "the mistake",
      () => running.shown.stderr.slice(from),
      (seen) => mistake.test(seen),
    );
    assert.equal(await visit(), "welcome two");
    write(folder, { "page.ts": `export const text: string = "three";\n` });
    await untilPageIs("welcome three");
  });

  it("deploys a change at once while another deployment waits for a promise", async () => {
    write(folder, { "index.ts": `${page["index.ts"]}export const never = new Promise(() => {});\n` });
    await untilShown(running, "Still waiting for a promise in your program ...");
    write(folder, { "index.ts": page["index.ts"], "page.ts": `export const text: string = "fixed";\n` });
    await untilPageIs("welcome fixed");
    write(folder, { "page.ts": `export const text: string = "three";\n` });
    await untilPageIs("welcome three");
  });

  it("shows an error in the settings, and keeps the previous deployment", async () => {
    const from = running.shown.stderr.length;
    write(folder, { "Pulumi.dev.yaml": "config:\n  greting: hi\n" });
    const mistake = /greeting.*The previous deployment is still running\./s;
    await until(
      "the mistake",
      () => running.shown.stderr.slice(from),
      (seen) => mistake.test(seen),
    );
    assert.equal(await visit(), "welcome three");
    write(folder, { "Pulumi.dev.yaml": "config:\n  greeting: hi\n" });
    await untilPageIs("hi three");
  });

  it("survives functions that can't be serialized, and errors thrown later", async () => {
    const from = running.shown.stderr.length;
    // Without a package.json, Pulumi cannot tell what belongs to them.
    const callback = (name: string) =>
      `new aws.lambda.CallbackFunction("${name}", { callback: async () => {} });\n`;
    const later = `setTimeout(() => { throw new Error("later"); }, 10);\n`;
    write(folder, { "index.ts": page["index.ts"] + callback("a") + callback("b") + later });
    const goesOn = "The previous deployment is still running.";
    await until(
      "a failed deployment",
      () => running.shown.stderr.slice(from),
      (seen) => seen.includes(goesOn),
    );
    assert.equal(await visit(), "hi three");
    write(folder, { "index.ts": page["index.ts"], "page.ts": `export const text: string = "four";\n` });
    await untilPageIs("hi four");
    assert.equal(running.child.exitCode, null);
  });

  it("keeps the address when the API is renamed", async () => {
    write(folder, { "index.ts": page["index.ts"].replace('publish("site")', 'publish("renamed")') });
    write(folder, { "page.ts": `export const text: string = "five";\n` });
    await untilPageIs("hi five");
  });

  it("prints the addresses again when one is added", async () => {
    const from = running.shown.stdout.length;
    write(folder, { "index.ts": `${page["index.ts"]}export const second = publish("second");\n` });
    const shown = await until(
      "two addresses",
      () => running.shown.stdout.slice(from),
      (seen) => /^ {4}http:\S+\n\n {4}http:\S+\n\n/m.test(seen),
    );
    const urls = [...shown.matchAll(/^ {4}(http:\S+)\n/gm)].map(([, each]) => each);
    assert.equal(urls[0], url);
    for (const each of urls) assert.equal(await (await fetch(String(each))).text(), "hi five");
  });

  it("continues without the compiler if it dies", async () => {
    const compilers = () => {
      try {
        return execFileSync("pgrep", ["-P", `${running.child.pid}`, "-f", "typescript"], { encoding: "utf8" })
          .trim()
          .split("\n");
      } catch {
        return [];
      }
    };
    const [compiler] = await until("the compiler", compilers, (pids) => pids.length === 1);
    process.kill(Number(compiler), "SIGKILL");
    await untilShown(
      running,
      "The TypeScript compiler has ended (SIGKILL). Changes are deployed without checking types.",
    );
    write(folder, { "page.ts": `export const text: string = "six";\n` });
    await untilPageIs("hi six");
  });
});
