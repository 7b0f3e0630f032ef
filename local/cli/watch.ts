import { spawn } from "node:child_process";
import { watch as watchFolder } from "node:fs";
import { createInterface } from "node:readline";
import { hasChanged } from "../pulumi/program";

/**
 * Watches a project: TypeScript's own watch mode, which tells of mistakes in types as well, and the files that
 * hold settings.
 *
 * @param deployedAt when what is deployed was read, in milliseconds since 1970
 * @param onChange called when a change is to be deployed, or with what the compiler has to say against it. A
 *   change that comes while an earlier one is still being dealt with waits.
 * @param onReady called when the compiler has read the project, and changes are noticed
 * @returns what ends it
 */
export function watch(
  folder: string,
  deployedAt: number,
  onChange: (problem?: string) => Promise<void>,
  onReady: () => void,
): () => void {
  let last = Promise.resolve();
  const report = (problem?: string) => {
    last = last.then(() => onChange(problem));
  };

  const options = ["--noEmit", "--watch", "--preserveWatchOutput", "--pretty", "false"];
  const compiler = spawn(process.execPath, [require.resolve("typescript/bin/tsc"), ...options], {
    cwd: folder,
  });
  let said: string[] = [];
  let isFirst = true;
  createInterface({ input: compiler.stdout }).on("line", (line) => {
    const [, errors] = /Found (\d+) errors?\. Watching for file changes/.exec(line) ?? [];
    if (!errors) {
      if (/error TS\d+/.test(line)) said.push(line);
      return;
    }
    if (errors !== "0") report(said.join("\n"));
    // What was there when the watching began is deployed already, unless it has changed since.
    else if (!isFirst || hasChanged(folder, deployedAt)) report();
    if (isFirst) onReady();
    isFirst = false;
    said = [];
  });

  // An editor may write a file in several steps.
  let timer: NodeJS.Timeout | undefined;
  const settings = watchFolder(folder, (_, file) => {
    if (!file || !/^Pulumi.*\.(yaml|md)$/.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(report, 100);
  });
  return () => {
    compiler.kill();
    settings.close();
  };
}
