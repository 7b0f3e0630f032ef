import { strict as assert } from "node:assert";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { applyPatch, parsePatch, reversePatch } from "diff";

const recipes = resolve(__dirname, "../../docs/recipes");

/** The names of all patches, without ".patch". */
export const patches = readdirSync(recipes)
  .filter((file) => file.endsWith(".patch"))
  .map((file) => file.replace(".patch", ""));

/** The code block in a language under a heading in docs/recipes/README.md. */
export function blockUnder(heading: string, language: string): string {
  const [, section] = readFileSync(join(recipes, "README.md"), "utf8").split(`\n### ${heading}\n`);
  assert.ok(section, `docs/recipes/README.md has no heading "${heading}"`);
  const [text = ""] = section.split(/\n##+ /);
  const [, block] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "ms").exec(text) ?? [];
  assert.ok(block, `docs/recipes/README.md has no ${language} block under "${heading}"`);
  return block;
}

/**
 * Applies a recipe's patch to a copy of the project.
 *
 * @param recipe its heading, or the name of its patch
 * @returns whether it changed anything; false if the project already contains the recipe
 */
export function applyRecipe(recipe: string, folder: string): boolean {
  const name = recipe.toLowerCase().replaceAll(" ", "-");
  const path = join(recipes, `${name}.patch`);
  assert.ok(existsSync(path), `docs/recipes/${name}.patch does not exist`);
  const changes = parsePatch(readFileSync(path, "utf8")).map((patch) => {
    const file = join(folder, patch.newFileName?.replace("b/", "") ?? "");
    const text = readFileSync(file, "utf8");
    const isApplied = applyPatch(text, reversePatch(patch)) !== false;
    return { file, patch, isApplied, changed: applyPatch(text, patch) };
  });
  if (changes.every(({ isApplied }) => isApplied)) return false;
  for (const { file, patch, changed } of changes) {
    assert.ok(changed, `docs/recipes/${name}.patch no longer applies to ${patch.newFileName}`);
    writeFileSync(file, changed);
  }
  return true;
}
