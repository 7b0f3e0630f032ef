import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Changes a project's `index.ts` as the diff in README.md says.
 *
 * @throws Error if `index.ts` doesn't have the lines that the diff replaces
 */
export function applyReadme(project: string): void {
  const readme = readFileSync(join(__dirname, "README.md"), "utf8");
  const [, diff = ""] = /^```diff\n(.*?)^```$/ms.exec(readme) ?? [];
  const file = join(project, "index.ts");
  let text = readFileSync(file, "utf8");
  for (const hunk of diff.trim().split("\n\n")) {
    const lines = (sign: string) =>
      hunk
        .split("\n")
        .filter((line) => line.startsWith(sign))
        .map((line) => line.slice(1))
        .join("\n");
    const [before, after, ...others] = text.split(lines("-"));
    if (before === undefined || after === undefined || others.length > 0)
      throw new Error(`index.ts should have these lines once:\n${lines("-")}`);
    text = before + lines("+") + after;
  }
  writeFileSync(file, text);
}
