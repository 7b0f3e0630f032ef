import { strict as assert } from "node:assert";
import { once } from "node:events";
import { createProject, page, write } from "./support/project";
import { type Started, start, untilShown, urlOf } from "./support/start";
import { until } from "./support/until";

// One run, whose project changes from test to test. Each test waits for what a person would see: the page.
describe("--watch", () => {
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
  });

  it("deploys a change at once while another deployment waits for a promise", async () => {
    write(folder, { "index.ts": `${page["index.ts"]}export const never = new Promise(() => {});\n` });
    await untilShown(running, "Still waiting for resources or promises ...");
    write(folder, { "index.ts": page["index.ts"], "page.ts": `export const text: string = "fixed";\n` });
    await untilPageIs("welcome fixed");
    write(folder, { "page.ts": `export const text: string = "three";\n` });
    await untilPageIs("welcome three");
  });

  it("keeps the previous deployment when one fails, and survives errors thrown later", async () => {
    // Without a package.json, nobody can tell what belongs to functions that are serialized.
    const callback = (name: string) =>
      `new aws.lambda.CallbackFunction("${name}", { callback: async () => {} });\n`;
    const later = `setTimeout(() => { throw new Error("later"); }, 10);\n`;
    write(folder, { "index.ts": page["index.ts"] + callback("a") + callback("b") + later });
    await untilShown(running, /there is no package\.json.*The previous deployment is still running\./s);
    assert.equal(await visit(), "welcome three");
    write(folder, { "index.ts": page["index.ts"], "Pulumi.dev.yaml": "config:\n  greeting: hi\n" });
    await untilPageIs("hi three");
    assert.equal(running.child.exitCode, null);
  });
});
