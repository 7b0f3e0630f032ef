import { strict as assert } from "node:assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { project } from "./support/project";

const read = (file: string) => readFileSync(join(project, file), "utf8");

/** Lists the project's own files, relative to it. */
function filesIn(folder: string): string[] {
  return readdirSync(join(project, folder), { withFileTypes: true }).flatMap((entry) => {
    if (/^(node_modules|\.git|\.data)$/.test(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}
const files = filesIn(".");
const pages = files.filter((file) => file.endsWith(".md"));

/** Calls `check` with the groups of each match in each page. */
function eachMatch(pattern: RegExp, check: (groups: string[], page: string) => void) {
  for (const page of pages) {
    for (const [, ...groups] of read(page).matchAll(pattern)) check(groups, page);
  }
}

describe("the documentation", () => {
  it("has no broken links", () => {
    eachMatch(/\]\(([^)\s]+)\)/g, ([target = ""], page) => {
      // A badge's path is on GitHub, not in the repository.
      const [, workflow] = /^\.\.\/\.\.\/actions\/workflows\/([\w.]+)/.exec(target) ?? [];
      if (workflow) assert.ok(files.includes(`.github/workflows/${workflow}`), target);
      if (workflow || /^(https:\/\/|\$\{outputs\.)/.test(target)) return;
      const [path = "", anchor] = target.split("#");
      const linked = path ? join(dirname(page), path) : page;
      assert.ok(existsSync(join(project, linked)), `${page}: ${target}`);
      if (anchor) assert.ok(anchorsIn(linked).includes(anchor), `${page}: ${target}`);
    });
  });

  /** The anchors that GitHub generates for a page's headings. */
  const anchorsIn = (page: string) =>
    [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => {
      const letters = heading.toLowerCase().replace(/[^\w -]/g, "");
      return letters.replaceAll(" ", "-");
    });

  it("names only files that exist", () => {
    eachMatch(/`([\w./-]+(?:\.(?:ts|js|md|json|yaml|svg)|\/))`/g, ([path = ""], page) => {
      // A placeholder, or a file of the reader's own.
      if (/NAME|^Pulumi\.local/.test(path)) return;
      const found = [project, join(project, dirname(page))].some((folder) => existsSync(join(folder, path)));
      assert.ok(found, `${page}: ${path}`);
    });
  });

  it("shows only commands, options, outputs and settings that exist", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const sources: Record<string, string> = {
      start: "packages/local/cli/options.ts",
      bench: "packages/bench/run.ts",
    };
    eachMatch(
      /npm (start|run|test)(?: (\w+))?(?: -- ([^\n`|;]*))?/g,
      ([verb = "", script, rest = ""], page) => {
        const name = verb === "run" ? (script ?? "") : verb;
        assert.ok(name in scripts, `${page}: npm run ${name}`);
        for (const [option] of rest.matchAll(/(?<=--)[\w-]+/g)) {
          assert.ok(read(sources[name] ?? `commands/${name}.ts`).includes(option), `${page}: --${option}`);
        }
      },
    );
    eachMatch(/npx mocha ([^#\n`]*)/g, ([list = ""], page) => {
      for (const file of list.trim().split(" ")) assert.ok(files.includes(file), `${page}: ${file}`);
    });
    eachMatch(/pulumi stack output (\w+)/g, ([name]) =>
      assert.match(read("index.ts"), new RegExp(`^export const ${name} = `, "m")),
    );
    eachMatch(/pulumi config set ([a-z]\w+) /g, ([key]) =>
      assert.match(read("Pulumi.yaml"), new RegExp(`^ {2}${key}:$`, "m")),
    );
  });

  it("explains only messages that exist", () => {
    const code = files.filter((file) => /^(?!.*docs\.test).*\.(ts|js)$/.test(file)).map(read);
    const rows = [...read("docs/troubleshooting.md").matchAll(/^\| `([^`]+)`/gm)];
    assert.ok(rows.length > 20);
    for (const part of rows.flatMap(([, message = ""]) => message.split(/ ?… ?/)).filter(Boolean)) {
      assert.ok(code.join("\n").includes(part), part);
    }
  });
});
