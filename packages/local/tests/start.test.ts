import { strict as assert } from "node:assert";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProject, page } from "./support/project";
import { start, untilShown, urlOf } from "./support/start";
import { until } from "./support/until";

describe("npm start", () => {
  it("shows its resources and then the URL, answers, and ends on Ctrl-C", async () => {
    const readme =
      'export const readme = "# Title\\ntext";\nexport const list = [url, process.env.AWS_PROFILE ?? 3];\n';
    const folder = createProject({ "index.ts": page["index.ts"] + readme });
    const started = start(["--port", "0", "--verbose"], folder, { AWS_PROFILE: "mine" });
    const url = await urlOf(started);
    const { child, shown } = started;
    for (const resource of ["iam/role:Role", "lambda/function:Function", "apigatewayv2/api:Api"]) {
      assert.match(shown.stdout, new RegExp(`\\+  aws:${resource} `));
    }
    assert.match(
      shown.stdout,
      /Outputs:\n {4}list: \["http:\S+",3\]\n {4}url : "http:\S+"\n\nResources:\n {4}\+ 4 created/,
    );
    assert.match(
      shown.stdout,
      /npx dynamodb-admin --host 127\.0\.0\.1 --dynamo-endpoint http:\/\/127\.0\.0\.1:\d+\n/,
    );
    assert.ok(shown.stdout.endsWith(`\n    ${url}\n\n`), shown.stdout);

    // Like a browser, this keeps its connection open.
    await fetch(url);
    await untilShown(started, " GET / 200 ");
    assert.match(shown.stdout, /event: \{.*routeKey: '\$default'.*result: '\{"statusCode":200/s);
    // The function has been started along with the deployment.
    assert.doesNotMatch(shown.stdout, /cold start/);
    child.kill("SIGINT");
    // As npm does with the terminal's Ctrl-C.
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "close"), [130, null]);
    assert.equal(shown.stderr, "");
  });

  it("leaves nothing behind after Ctrl-C during the deployment", async () => {
    const tmp = mkdtempSync(join(tmpdir(), "tmp-"));
    const never = { "index.ts": `${page["index.ts"]}export const never = new Promise(() => {});\n` };
    const started = start(["--port", "0"], createProject(never), { TMPDIR: tmp });
    await until(
      "a function in the temporary folder",
      () => readdirSync(tmp),
      (files) => files.length > 0,
    );
    started.child.kill("SIGINT");
    assert.deepEqual(await once(started.child, "close"), [130, null]);
    assert.deepEqual(readdirSync(tmp), []);
    assert.equal(started.shown.stderr, "");
    rmSync(tmp, { recursive: true });
  });

  it("deploys a program with a type error, and names it", async () => {
    const started = start(["--port", "0"], createProject({ "page.ts": "export const text: string = 3;\n" }));
    assert.equal(await (await fetch(await urlOf(started))).text(), "hello 3");
    await untilShown(started, /page\.ts\(1,14\): error TS2322: /);
    started.child.kill("SIGTERM");
    assert.deepEqual(await once(started.child, "close"), [143, null]);
  });
});
