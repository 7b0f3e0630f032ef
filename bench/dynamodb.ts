import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { startDynamoDB as embed } from "pulumi-aws-local";

/**
 * Starts the embedded DynamoDB in a process of its own, so that no contender shares its event loop.
 *
 * @param data a folder for the tables; without it they are in memory
 */
export async function startDynamoDB(data?: string) {
  const child: ChildProcess = fork(__filename, data ? [data] : [], { execArgv: ["-r", "ts-node/register"] });
  const [endpoint] = (await once(child, "message")) as [string];
  return {
    endpoint,
    async close() {
      child.disconnect();
      await once(child, "exit");
    },
  };
}

if (require.main === module) {
  embed(process.argv[2]).then(({ endpoint }) => {
    process.send?.(endpoint);
    process.once("disconnect", () => process.exit());
  });
}
