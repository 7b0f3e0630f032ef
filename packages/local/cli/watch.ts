import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";

export interface WatchOptions {
  /** The folder of the project. */
  folder: string;
  /** The project's files as they were before they were deployed. */
  deployed: Snapshot;
  /** Called for a change, or with what is wrong with it. A change that comes in the meantime waits. */
  onChange: (problem?: string) => Promise<void>;
  /** Called when types are no longer checked. */
  onProblem: (problem: string) => void;
  /** Ends the watch. */
  signal: AbortSignal;
}

/** When each source file last changed, in milliseconds since 1970. */
export type Snapshot = Map<string, number>;

const LOOK_MS = 200;

/** How long the compiler may take to notice a change. It ignores files that aren't part of its program. */
const NOTICE_MS = 10_000;

/**
 * Looks for changes to a project's files until `signal` ends it. (On Linux, Node.js's own `watch` would also watch every folder
 * in `node_modules`.) If the project has a `tsconfig.json`, TypeScript checks a change before it is deployed.
 */
export async function watch({ folder, deployed, onChange, onProblem, signal }: WatchOptions): Promise<void> {
  const checked = existsSync(join(folder, "tsconfig.json"))
    ? checkTypes(folder, signal, onProblem)
    : undefined;
  const stateOf = (files: Snapshot) => JSON.stringify([checked?.problem, ...files]);
  let last = stateOf(deployed);
  while (!signal.aborted) {
    await wait(LOOK_MS, undefined, { signal, ref: false }).catch(() => {});
    const now = takeSnapshot(folder);
    const state = stateOf(now);
    if (state === last || signal.aborted) continue;
    const typed = [...now].flatMap(([file, changedAt]) => (/\.[cm]?ts$/.test(file) ? changedAt : []));
    const newest = Math.max(0, ...typed);
    if (checked?.isBusy || (checked && checked.at < newest && Date.now() < newest + NOTICE_MS)) continue;
    last = state;
    await onChange(checked?.problem);
  }
}

/** Looks at all files that may be part of the program, or of its functions, which are bundled and not loaded. */
export function takeSnapshot(folder: string, snapshot: Snapshot = new Map()): Snapshot {
  // A folder may have been deleted since it was listed.
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name)) takeSnapshot(path, snapshot);
    if (!/^Pulumi.*\.(yaml|md)$|\.([cm]?[jt]s|json)$/.test(entry.name)) continue;
    snapshot.set(path, statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0);
  }
  return snapshot;
}

/** The compiler's last word. */
interface Checked {
  isBusy: boolean;
  /** When it last began to read the files, in milliseconds since 1970. */
  at: number;
  problem?: string;
}

/** Runs TypeScript's watch mode. What it returns changes with each compilation. */
function checkTypes(folder: string, signal: AbortSignal, onProblem: WatchOptions["onProblem"]): Checked {
  const checked: Checked = { isBusy: true, at: Date.now() };
  const tsc = createRequire(join(folder, "index.js")).resolve("typescript/bin/tsc");
  const args = [tsc, "--noEmit", "--watch", "--preserveWatchOutput", "--pretty", "false"];
  const compiler = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  let errors: string[] = [];
  createInterface({ input: compiler.stdout }).on("line", (line) => {
    if (/Starting (incremental )?compilation/.test(line))
      Object.assign(checked, { isBusy: true, at: Date.now() });
    if (/error TS\d+/.test(line)) errors.push(line);
    if (!/Found \d+ errors?\. Watching for file changes/.test(line)) return;
    Object.assign(checked, { isBusy: false, problem: errors.length > 0 ? errors.join("\n") : undefined });
    errors = [];
  });
  const stop = () => compiler.kill();
  signal.addEventListener("abort", stop);
  compiler.once("exit", (code, killedBy) => {
    if (signal.aborted) return;
    Object.assign(checked, { isBusy: false, at: Number.POSITIVE_INFINITY, problem: undefined });
    const reason = killedBy ?? `exit code ${code}`;
    onProblem(`The TypeScript compiler has ended (${reason}). Changes are deployed without checking types.`);
  });
  return checked;
}
