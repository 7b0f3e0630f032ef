import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { project } from "./project";

/**
 * Runs a command of package.json, such as `verify`, in a process group of its own, and waits until it ends.
 *
 * @param from the folder that has the folder `commands`
 */
export async function runCommand(
  name: string,
  args: string[],
  { from = project, cwd = project, env = process.env } = {},
) {
  const script = join(from, "commands/run.js");
  const child = spawn(process.execPath, [script, name, ...args], { cwd, env, detached: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const [code] = await once(child, "close");
  return { code, output };
}
