import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { copyProject } from "../../../tests/support/project";

const project = resolve(__dirname, "../../..");
const children = new Set<ChildProcess>();

// What a failed test leaves running must not outlive the tests.
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** What `npm start -- ...args` does, without npm around it. */
export function start(args: string[], cwd = copyProject()) {
  const script = join(project, "local/cli/start.ts");
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
