import { strict as assert } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { applyPatch, parsePatch, reversePatch } from "diff";

const readme = readFileSync(resolve(__dirname, "../../README.md"), "utf8");

/** The block of code of a language that the README has under a heading. */
export function blockUnder(heading: string, language: string): string {
  const [, section] = readme.split(`\n### ${heading}\n`);
  assert.ok(section, `the README has no heading "${heading}"`);
  const [text = ""] = section.split(/\n##+ /);
  const [, block] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "ms").exec(text) ?? [];
  assert.ok(block, `the README has no ${language} under "${heading}"`);
  return block;
}

/**
 * Changes a copy of the project as the README has it under a heading.
 *
 * @returns whether there was anything to change: a project that has followed the recipe has it in its copies
 */
export function applyRecipe(heading: string, folder: string): boolean {
  const changes = parsePatch(blockUnder(heading, "diff")).map((patch) => {
    const file = join(folder, patch.newFileName?.replace("b/", "") ?? "");
    const text = readFileSync(file, "utf8");
    const isApplied = applyPatch(text, reversePatch(patch)) !== false;
    return { file, patch, isApplied, changed: applyPatch(text, patch) };
  });
  if (changes.every(({ isApplied }) => isApplied)) return false;
  for (const { file, patch, changed } of changes) {
    assert.ok(changed, `"${heading}" in the README does not fit ${patch.newFileName} any more`);
    writeFileSync(file, changed);
  }
  return true;
}
