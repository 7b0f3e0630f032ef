import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The path of this project. */
export const project = resolve(__dirname, "../..");

/** Settings for the stack dev, so that tests don't depend on Pulumi.dev.yaml. */
const settings = `config:
  aws:region: us-east-1
  logRetentionDays: 3
`;

const copies: string[] = [];
process.on("exit", () => {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
});

/** Copies the project into a temporary folder. The copy's stack dev always has the settings above. */
export function copyProject(): string {
  const copy = mkdtempSync(join(tmpdir(), "project-"));
  copies.push(copy);
  for (const name of readdirSync(project)) {
    // Settings of a stack that npm run e2e is testing.
    if (name.startsWith("Pulumi.e2e-")) continue;
    if (/\.(ts|yaml|md)$|^(biome|package|tsconfig)\.json$|^(examples|infrastructure|sessions)$/.test(name)) {
      cpSync(join(project, name), join(copy, name), { recursive: true });
    }
  }
  symlinkSync(join(project, "node_modules"), join(copy, "node_modules"));
  writeFileSync(join(copy, "Pulumi.dev.yaml"), settings);
  return copy;
}
