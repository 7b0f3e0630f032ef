import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { until } from "./until";

const bin = resolve(__dirname, "../../cli/bin.js");
const children = new Set<ChildProcess>();

// What a failed test leaves running must not outlive the tests.
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** What `npx pulumi-aws-local ...args` does in a project's folder, without npm around it. */
export function start(args: string[], cwd: string, env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [bin, ...args], { cwd, env: { ...process.env, ...env } });
  children.add(child.once("exit", () => children.delete(child)));
  const shown = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text) => {
      shown[name] += text;
    });
  }
  return { child, shown };
}

export type Started = ReturnType<typeof start>;

/** Waits for a start that does not succeed. */
export async function startAndFail(args: string[], cwd: string, env?: NodeJS.ProcessEnv) {
  const { child, shown } = start(args, cwd, env);
  const [code] = await once(child, "close");
  return { code, ...shown };
}

/** Waits until a text has been shown. */
export async function untilShown({ child, shown }: Started, text: string | RegExp): Promise<string> {
  const all = () => `${shown.stdout}\n${shown.stderr}`;
  const isThere = (seen: string) => (typeof text === "string" ? seen.includes(text) : text.test(seen));
  const seen = await until(
    `the terminal to show ${text}`,
    all,
    (now) => isThere(now) || child.exitCode !== null,
  );
  if (!isThere(seen)) throw new Error(`It ended with ${child.exitCode} before it showed ${text}: ${all()}`);
  return seen;
}

/** Waits for the URL, which a run shows once it has started. */
export async function urlOf(started: Started): Promise<string> {
  const shown = await untilShown(started, /^ {4}(http:\S+)\n\n/m);
  return /^ {4}(http:\S+)\n\n/m.exec(shown)?.[1] ?? "";
}
