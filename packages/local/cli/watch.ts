import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Checked } from "./types";

export interface WatchOptions {
  /** The folder of the project. */
  folder: string;
  /** The project's files as they were before they were deployed. */
  deployed: Snapshot;
  /** The compiler's result. If there is a compiler, it checks each change before {@link onChange} is called. */
  checked?: Checked;
  /** Called for a change that the compiler is still checking. */
  onChecking: () => void;
  /** Called for a change, or with what is wrong with it. */
  onChange: (problem?: string) => void;
  /** Ends the watch. */
  signal: AbortSignal;
}

/** When each source file last changed, in milliseconds since 1970. */
export type Snapshot = Map<string, number>;

const LOOK_MS = 200;

/** How long the compiler may take to notice a change. It ignores files that aren't part of its program. */
const NOTICE_MS = 10_000;

/**
 * Looks for changes to a project's files until `signal` ends it. (On Linux, Node.js's own `watch` would also watch
 * every folder in `node_modules`.)
 */
export async function watch({ folder, deployed, checked, signal, ...on }: WatchOptions): Promise<void> {
  const stateOf = (files: Snapshot) => JSON.stringify([checked?.problem, ...files]);
  let last = stateOf(deployed);
  let announced = "";
  while (!signal.aborted) {
    await wait(LOOK_MS, undefined, { signal, ref: false }).catch(() => {});
    const now = takeSnapshot(folder);
    const state = stateOf(now);
    if (state === last || signal.aborted) continue;
    const typed = [...now].flatMap(([file, changedAt]) => (/\.[cm]?ts$/.test(file) ? changedAt : []));
    const newest = Math.max(0, ...typed);
    if (checked?.isBusy || (checked && checked.at < newest && Date.now() < newest + NOTICE_MS)) {
      if (state !== announced) on.onChecking();
      announced = state;
      continue;
    }
    last = state;
    on.onChange(checked?.problem);
  }
}

/** Covers all files that may be part of the program, or of its functions, which are bundled and not loaded. */
export function takeSnapshot(folder: string, snapshot: Snapshot = new Map()): Snapshot {
  // A folder may have been deleted since it was listed.
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name)) takeSnapshot(path, snapshot);
    if (!/^Pulumi.*\.(ya?ml|md)$|\.([cm]?[jt]s|json)$/.test(entry.name)) continue;
    snapshot.set(path, statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0);
  }
  return snapshot;
}
