import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const LOOK_MS = 200;

/**
 * Calls `onChange` as often as a project's files change. (On Linux, Node.js's own `watch` would also watch every
 * folder in `node_modules`.)
 */
export function watch(folder: string, onChange: () => void): void {
  let last = takeSnapshot(folder).join();
  setInterval(() => {
    const now = takeSnapshot(folder).join();
    if (now === last) return;
    last = now;
    onChange();
  }, LOOK_MS).unref();
}

/** When each file last changed that may be part of the program, or be bundled for its functions. */
function takeSnapshot(folder: string): string[] {
  // A folder may have been deleted since it was listed.
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name)) return takeSnapshot(path);
    if (!/^Pulumi.*\.(ya?ml|md)$|\.([cm]?[jt]s|json)$/.test(entry.name)) return [];
    return `${path} ${statSync(path, { throwIfNoEntry: false })?.ctimeMs}`;
  });
}
