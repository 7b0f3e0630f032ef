import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** This project. */
export const project = resolve(__dirname, "../..");

/** The settings with which tests run, whatever those of the stack dev are by now. */
const settings = `config:
  aws:region: us-east-1
  logRetentionDays: 3
`;

const copies: string[] = [];
process.on("exit", () => {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
});

/** A copy of the project in a temporary folder, to be changed at will. Its stack dev has settings of its own. */
export function copyProject(): string {
  const copy = mkdtempSync(join(tmpdir(), "project-"));
  copies.push(copy);
  for (const name of readdirSync(project)) {
    // What a trial by npm run e2e keeps is not the project's.
    if (name.startsWith("Pulumi.e2e-")) continue;
    if (/\.(ts|yaml|md)$|^(biome|package|tsconfig)\.json$|^infrastructure$/.test(name)) {
      cpSync(join(project, name), join(copy, name), { recursive: true });
    }
  }
  symlinkSync(join(project, "node_modules"), join(copy, "node_modules"));
  writeFileSync(join(copy, "Pulumi.dev.yaml"), settings);
  return copy;
}
