import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { createInterface } from "node:readline";

/**
 * Reports the type errors that the project's own TypeScript compiler finds, if it has one. They don't hold up deployments.
 *
 * @param watch whether to look again as often as files change
 */
export function checkTypes(folder: string, watch: boolean, onError: (error: string) => void): void {
  let tsc: string;
  try {
    tsc = require.resolve("typescript/bin/tsc", { paths: [folder] });
  } catch {
    return;
  }
  const mode = watch ? ["--watch", "--preserveWatchOutput"] : [];
  const compiler = spawn(process.execPath, [tsc, "--noEmit", "--pretty", "false", ...mode], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
  process.once("exit", () => compiler.kill());
  // Requests go first.
  if (compiler.pid) setPriority(compiler.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  createInterface({ input: compiler.stdout }).on("line", (line) => {
    if (/: error TS\d+/.test(line)) onError(line);
  });
}
