import { strict as assert } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { applyPatch, parsePatch } from "diff";

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

/** Changes a copy of the project as the README has it under a heading. */
export function applyRecipe(heading: string, folder: string): void {
  for (const patch of parsePatch(blockUnder(heading, "diff"))) {
    const file = join(folder, patch.newFileName?.replace("b/", "") ?? "");
    const changed = applyPatch(readFileSync(file, "utf8"), patch);
    assert.ok(changed, `"${heading}" in the README does not fit ${patch.newFileName} any more`);
    writeFileSync(file, changed);
  }
}
