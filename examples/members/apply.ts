import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Changes files of a project as the diffs on one of its pages say, in this order: the lines with a minus in each
 * paragraph of a diff are replaced by those with a plus.
 *
 * @throws Error if a file doesn't have the lines with a minus, or has them twice
 */
export function applyDiffs(project: string, page: string, ...files: string[]): void {
  const diffs = readFileSync(join(project, page), "utf8").matchAll(/^```diff\n(.*?)^```$/gms);
  for (const [, diff = ""] of diffs) {
    const file = files.shift() ?? "";
    let text = readFileSync(join(project, file), "utf8");
    for (const hunk of diff.trim().split("\n\n")) {
      const lines = (sign: RegExp) => [...hunk.matchAll(sign)].map(([, line]) => line).join("\n");
      const [before, after, ...others] = text.split(lines(/^-(.*)/gm));
      if (before === undefined || after === undefined || others.length > 0)
        throw new Error(`${file} should have these lines once:\n${lines(/^-(.*)/gm)}`);
      text = before + lines(/^\+(.*)/gm) + after;
    }
    writeFileSync(join(project, file), text);
  }
}
