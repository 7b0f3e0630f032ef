import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const project = resolve(__dirname, "../..");
const children = new Set<ChildProcess>();

// What a failed test leaves running must not outlive the tests.
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** What `npm start -- ...args` does, without npm around it. */
export function start(args: string[], cwd = project) {
  const script = join(project, "local/start.ts");
  const child = spawn(process.execPath, ["-r", "ts-node/register", script, ...args], { cwd });
  children.add(child.once("exit", () => children.delete(child)));
  const shown = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text) => {
      shown[name] += text;
    });
  }
  return { child, shown };
}

/** Waits for a start that does not succeed. */
export async function startAndFail(args: string[], cwd?: string) {
  const { child, shown } = start(args, cwd);
  const [code] = await once(child, "close");
  return { code, ...shown };
}

/** Waits until `text` has been shown `times` times. */
export async function untilShown(
  { child, shown }: ReturnType<typeof start>,
  text: string,
  times = 1,
): Promise<void> {
  while (`${shown.stdout}${shown.stderr}`.split(text).length <= times) {
    if (child.exitCode !== null) throw new Error(`it has ended: ${shown.stderr}`);
    await wait(20);
  }
}

/** A copy of the project in a temporary folder, to be changed at will. */
export function copyProject(): string {
  const copy = mkdtempSync(join(tmpdir(), "project-"));
  for (const name of readdirSync(project)) {
    if (/\.(ts|yaml|md)$|^(biome|package|tsconfig)\.json$|^infrastructure$/.test(name)) {
      cpSync(join(project, name), join(copy, name), { recursive: true });
    }
  }
  symlinkSync(join(project, "node_modules"), join(copy, "node_modules"));
  return copy;
}
