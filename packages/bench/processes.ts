import { fork } from "node:child_process";
import { once } from "node:events";

/** Runs a TypeScript file in a new process. Resolves once the process has sent its first message. */
export async function startProcess<Message>(file: string, args: string[] = [], env: NodeJS.ProcessEnv = {}) {
  const child = fork(file, args, { env: { ...process.env, ...env }, execArgv: ["-r", "ts-node/register"] });
  const exit = once(child, "exit");
  const [message] = await Promise.race([
    once(child, "message"),
    exit.then(([code]) => Promise.reject(new Error(`${file} ended with code ${code}`))),
  ]);
  return {
    message: message as Message,
    async close() {
      child.disconnect();
      await exit;
    },
  };
}

/** Sends the message that the parent waits for. */
export const announce = (message: unknown) => process.send?.(message);

// The process ends with its parent.
if (process.send) process.once("disconnect", () => process.exit());
