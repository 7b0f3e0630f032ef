import { strict as assert } from "node:assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const project = resolve(__dirname, "..");
const read = (file: string) => readFileSync(join(project, file), "utf8");

/** Lists the project's own files, relative to it. */
function filesIn(folder: string): string[] {
  return readdirSync(join(project, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (/^(node_modules|\.git|\.data)$/.test(entry.name)) return [];
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}
const files = filesIn(".");
const pages = files.filter((file) => file.endsWith(".md"));
/** The text of all code except lock files, which contain almost any word. */
const codeIn = (isIncluded: (file: string) => boolean) =>
  files
    .filter(
      (file) =>
        /(\.(ts|js|json|yaml)|^\.\w+)$/.test(file) && !file.endsWith("-lock.json") && isIncluded(file),
    )
    .map(read)
    .join("\n");
const source = codeIn((file) => !file.endsWith(".test.ts"));
const sourceAndTests = codeIn((file) => !file.endsWith("docs.test.ts"));
const { scripts, dependencies, devDependencies } = JSON.parse(read("package.json"));

describe("the documentation", () => {
  it("has no broken links", () => {
    for (const page of pages) {
      for (const [, target = ""] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
        // The badge's path is on GitHub, not in the repository.
        const workflow = /^\.\.\/\.\.\/actions\/workflows\/([\w.]+)/.exec(target)?.[1];
        if (workflow) assert.ok(existsSync(join(project, ".github/workflows", workflow)), target);
        if (workflow || /^(https:\/\/|\$\{outputs\.)/.test(target)) continue;
        const [path = "", anchor] = target.split("#");
        assert.ok(existsSync(join(project, dirname(page), path)), `${page}: ${target}`);
        const linked = path ? join(dirname(page), path) : page;
        if (anchor) assert.ok(anchors(linked).includes(anchor), `${page}: ${target}`);
      }
    }
  });

  /** The anchors that GitHub generates for a page's headings. */
  const anchors = (page: string) =>
    [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    );

  it("mentions only files and names that exist", () => {
    for (const page of pages) {
      const prose = read(page).replace(/^```.*?^```$/gms, "");
      for (const [, code = ""] of prose.matchAll(/`([^`\n]+)`/g)) {
        const isPath = /^[\w./]+(\.(ts|js|md|json|yaml|svg)|\/)$/.test(code) && !code.includes("NAME");
        if (isPath) assert.ok(existsSync(join(project, code)), `${page}: \`${code}\``);
        else if (/^[a-zA-Z][\w-]*$/.test(code))
          assert.match(source, new RegExp(`\\b${code}`), `${page}: \`${code}\``);
      }
    }
  });

  it("mentions only commands and options that exist", () => {
    const optionsOf: Record<string, string> = {
      start: "packages/local/cli/options.ts",
      verify: "commands/verify.ts",
      e2e: "commands/e2e.ts",
      soak: "commands/soak.ts",
      bench: "packages/bench/run.ts",
    };
    for (const page of pages) {
      for (const [, name = "", rest = ""] of read(page).matchAll(/npm (?:run )?(\w+)( -- [^\n`|;]*)?/g)) {
        if (name === "run" || name === "cit" || name === "ci") continue;
        assert.ok(name in scripts, `${page}: npm run ${name}`);
        for (const [, option = ""] of rest.matchAll(/--([\w-]+)/g)) {
          assert.ok(read(optionsOf[name] ?? "package.json").includes(option), `${page}: ${name} --${option}`);
        }
      }
      for (const [, pattern = ""] of read(page).matchAll(/npx mocha ([^#\n`]*)/g)) {
        for (const file of pattern.trim().split(" ")) assert.ok(files.includes(file), `${page}: ${file}`);
      }
      for (const [, name = ""] of read(page).matchAll(/pulumi stack output (\w+)/g)) {
        assert.match(read("index.ts"), new RegExp(`^export const ${name} = `, "m"));
      }
      for (const [, key = ""] of read(page).matchAll(/pulumi config set ([a-z]\w+) /g)) {
        assert.match(read("Pulumi.yaml"), new RegExp(`^ {2}${key}:$`, "m"));
      }
    }
  });

  it("explains only messages that exist", () => {
    const messages = [...read("docs/troubleshooting.md").matchAll(/^\| `([^`]+)`/gm)].map(
      ([, message = ""]) => message,
    );
    assert.ok(messages.length > 8);
    for (const part of messages.flatMap((message) => message.split(/ ?… ?/)).filter(Boolean)) {
      assert.ok(sourceAndTests.includes(part), part);
    }
  });

  it("gives a reason for every package", () => {
    const [, table = ""] = read(".github/CONTRIBUTING.md").split("| Package | For |\n");
    const cells = [...(table.split("\n\n")[0] ?? "").matchAll(/^\|([^|]+)\|/gm)].map(([, cell]) => cell);
    const named = [...cells.join().matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    assert.deepEqual(named.sort(), Object.keys({ ...dependencies, ...devDependencies }).sort());
  });
});
