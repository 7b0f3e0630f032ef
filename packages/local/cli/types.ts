import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The result of the TypeScript compiler's last run. It changes with each compilation. */
export interface Checked {
  isBusy: boolean;
  /** When it last began to read the files, in milliseconds since 1970. */
  at: number;
  /** The type errors, each with its location. */
  problem?: string;
}

export interface CheckOptions {
  /** Whether to check again as often as files change. */
  watch: boolean;
  /** Called when the compiler has ended, with how it ended, in words. */
  onEnd: (how: string, problem?: string) => void;
  /** Ends the compiler. */
  signal: AbortSignal;
}

/** Checks a project's types with its own TypeScript compiler, if it has one. */
export function checkTypes(folder: string, { watch, onEnd, signal }: CheckOptions): Checked | undefined {
  const tsc = findCompiler(folder);
  if (!tsc || signal.aborted) return undefined;
  const checked: Checked = { isBusy: true, at: Date.now() };
  const mode = watch ? ["--watch", "--preserveWatchOutput"] : [];
  const compiler = spawn(process.execPath, [tsc, "--noEmit", "--pretty", "false", ...mode], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
  // Requests have priority.
  if (compiler.pid) setPriority(compiler.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  let errors: string[] = [];
  const settle = () => {
    Object.assign(checked, { isBusy: false, problem: errors.length > 0 ? errors.join("\n") : undefined });
    errors = [];
  };
  createInterface({ input: compiler.stdout }).on("line", (line) => {
    if (/Starting (incremental )?compilation/.test(line)) {
      Object.assign(checked, { isBusy: true, at: Date.now() });
    }
    if (/error TS\d+/.test(line)) errors.push(line);
    if (/Found \d+ errors?\. Watching for file changes/.test(line)) settle();
  });
  const stop = () => compiler.kill();
  signal.addEventListener("abort", stop);
  compiler.once("close", (code, killedBy) => {
    // The terminal sends Ctrl-C to all of its processes.
    if (signal.aborted || killedBy === "SIGINT") return;
    settle();
    checked.at = Number.POSITIVE_INFINITY;
    onEnd(killedBy ?? `exit code ${code}`, checked.problem);
    checked.problem = undefined;
  });
  return checked;
}

function findCompiler(folder: string): string | undefined {
  if (!existsSync(join(folder, "tsconfig.json"))) return undefined;
  try {
    return createRequire(join(folder, "index.js")).resolve("typescript/bin/tsc");
  } catch {
    return undefined;
  }
}
