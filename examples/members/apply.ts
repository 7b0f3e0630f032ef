import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Changes a project's `index.ts` as the diff in README.md says. */
export function applyReadme(project: string): void {
  const readme = readFileSync(join(__dirname, "README.md"), "utf8");
  const [diff = ""] = diffsIn(readme);
  applyDiff(join(project, "index.ts"), diff);
}

/** The blocks of a page that are marked as `diff`. */
export const diffsIn = (page: string): string[] =>
  [...page.matchAll(/^```diff\n(.*?)^```$/gms)].map(([, diff = ""]) => diff);

/**
 * Replaces, for each paragraph of a diff, the lines with a minus by those with a plus.
 *
 * @throws Error if the file doesn't have the lines with a minus, or has them twice
 */
export function applyDiff(file: string, diff: string): void {
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
      throw new Error(`${file} should have these lines once:\n${lines("-")}`);
    text = before + lines("+") + after;
  }
  writeFileSync(file, text);
}
