import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync, watch as watchFolder } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";

export interface WatchOptions {
  /** The folder of the project. */
  folder: string;
  /** When what is deployed was read, in milliseconds since 1970. */
  deployedAt: number;
  /**
   * Called when a change is to be deployed, or with what the compiler has to say against it. A change that comes
   * while an earlier one is still being dealt with waits.
   */
  onChange: (problem?: string) => Promise<void>;
  /** Called when changes are noticed. */
  onReady: () => void;
  /** Called when changes are not noticed for a while, or no longer. */
  onProblem: (problem: string) => void;
}

const SETTINGS_FILE = /^Pulumi.*\.(yaml|md)$/;
const TYPED_FILE = /\.[cm]?ts$/;
const SOURCE_FILE = /^Pulumi.*\.(yaml|md)$|\.([cm]?[jt]s|json)$/;

/** How long a change may wait for the compiler. */
const CHECK_MS = 10_000;

/** How often the compiler may end without a result before it is given up. */
const MAX_FAILURES = 3;

/**
 * Watches a project: TypeScript's own watch mode, which tells of mistakes in types as well, and the files that
 * hold settings. A project without `tsconfig.json` is watched for changes of its files.
 *
 * @returns what ends it
 */
export function watch({ folder, deployedAt, onChange, onReady, onProblem }: WatchOptions): () => void {
  let last = Promise.resolve();
  let readAt = deployedAt;
  let verdict: Verdict = { at: deployedAt };
  const hasTypes = existsSync(join(folder, "tsconfig.json"));
  const hasChanged = (files: RegExp, since: number) =>
    sourcesIn(folder, files).some(
      (file) => (statSync(file, { throwIfNoEntry: false })?.ctimeMs ?? 0) >= since,
    );

  const deploy = async () => {
    // A change waits for the compiler, but not for long: the compiler may leave out the file.
    const end = Date.now() + CHECK_MS;
    while (hasTypes && hasChanged(TYPED_FILE, verdict.at) && Date.now() < end) await wait(50);
    if (verdict.problem) return onChange(verdict.problem);
    if (!hasChanged(SOURCE_FILE, readAt)) return;
    readAt = Date.now();
    await onChange();
  };
  const enqueue = (next: () => Promise<void>) => {
    last = last.then(next);
  };
  const stopCompiler = hasTypes
    ? watchTypes(folder, {
        onVerdict(given) {
          verdict = given;
          enqueue(deploy);
        },
        onReady,
        onProblem,
      })
    : () => {};

  // An editor may write a file in several steps.
  let timer: NodeJS.Timeout | undefined;
  const isWatched = hasTypes
    ? SETTINGS_FILE
    : /^(?!node_modules)(?!.*[\\/]node_modules[\\/]).*\.(c?js|json|yaml|md)$/;
  const files = watchFolder(folder, { recursive: !hasTypes }, (_, file) => {
    if (!file || !isWatched.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(enqueue, 100, deploy);
  });
  if (!hasTypes) {
    enqueue(deploy);
    onReady();
  }
  return () => {
    clearTimeout(timer);
    stopCompiler();
    files.close();
  };
}

/** The files of a project that fit. A function's modules are among them: they are bundled, not loaded. */
function sourcesIn(folder: string, files: RegExp): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return /^(\.|node_modules$)/.test(entry.name) ? [] : sourcesIn(path, files);
    return files.test(entry.name) ? path : [];
  });
}

/** What the compiler says of the files as they were when it began, in milliseconds since 1970. */
interface Verdict {
  at: number;
  problem?: string;
}

interface TypesOptions extends Pick<WatchOptions, "onReady" | "onProblem"> {
  onVerdict: (verdict: Verdict) => void;
}

/** Runs the project's TypeScript compiler in its watch mode, and starts it again when it dies. */
function watchTypes(folder: string, options: TypesOptions, failures = 0): () => void {
  const { onVerdict, onReady, onProblem } = options;
  const tsc = createRequire(join(folder, "index.js")).resolve("typescript/bin/tsc");
  const args = [tsc, "--noEmit", "--watch", "--preserveWatchOutput", "--pretty", "false"];
  const compiler = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  let said: string[] = [];
  let isReady = false;
  let at = Date.now();
  createInterface({ input: compiler.stdout }).on("line", (line) => {
    if (/Starting (incremental )?compilation/.test(line)) at = Date.now();
    const [, errors] = /Found (\d+) errors?\. Watching for file changes/.exec(line) ?? [];
    if (!errors) {
      if (/error TS\d+/.test(line)) said.push(line);
      return;
    }
    onVerdict({ at, problem: errors === "0" ? undefined : said.join("\n") });
    if (!isReady) onReady();
    isReady = true;
    said = [];
  });

  let stop = () => {
    compiler.kill();
  };
  compiler.once("exit", (code, signal) => {
    if (compiler.killed) return;
    const ended = `The TypeScript compiler has ended (${signal ?? `exit code ${code}`})`;
    const count = isReady ? 0 : failures + 1;
    if (count === MAX_FAILURES) return onProblem(`${ended}: changes are no longer noticed. Start again.`);
    onProblem(`${ended}. It is started again.`);
    const timer = setTimeout(() => {
      stop = watchTypes(folder, options, count);
    }, 1000);
    stop = () => clearTimeout(timer);
  });
  return () => stop();
}
