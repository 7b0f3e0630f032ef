import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { startDynamoDB as embed } from "pulumi-aws-local";
import { announce, startProcess } from "./processes";

/** What stands in for DynamoDB. A URL names an engine that is already running. */
export type Engine = "embedded" | "dynoxide" | `http://${string}`;

/** The fastest engine that runs on this machine. */
export const defaultEngine = (): Engine => (existsSync(join(dynoxide, "dynoxide")) ? "dynoxide" : "embedded");

/** A mistake in the options. */
export class OptionError extends Error {}

const dynoxide = join(__dirname, "node_modules/@dynoxide/linux-x64");
const versionIn = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;

/** The engine's name and version. */
export function describe(engine: Engine): string {
  if (engine === "dynoxide") return `dynoxide ${versionIn(dynoxide)}`;
  if (engine === "embedded")
    return `the embedded DynamoDB (dynalite ${versionIn(join(__dirname, "../node_modules/dynalite"))})`;
  return `the DynamoDB at ${engine}`;
}

/**
 * Starts an engine in its own process, so that no contender shares its event loop.
 *
 * @param options.data a folder for the tables of the embedded engine; without it they are in memory
 * @throws OptionError when the engine doesn't run on this machine
 */
export async function startDynamoDB({ engine = "embedded", data }: { engine?: Engine; data?: string } = {}) {
  if (engine === "embedded") {
    const { message: endpoint, close } = await startProcess<string>(__filename, data ? [data] : []);
    return { endpoint, close };
  }
  if (engine !== "dynoxide") return { endpoint: engine, close: async () => {} };
  const file = join(dynoxide, "dynoxide");
  if (!existsSync(file)) throw new OptionError("dynoxide only runs on x64 Linux. Choose another --engine.");
  const port = await freePort();
  const child = spawn(file, ["serve", "--port", `${port}`], { stdio: "ignore" });
  const exit = once(child, "exit");
  process.once("exit", () => child.kill());
  const endpoint = `http://127.0.0.1:${port}`;
  await Promise.race([answer(endpoint), exit.then(() => Promise.reject(new Error("dynoxide has ended")))]);
  return {
    endpoint,
    async close() {
      child.kill();
      await exit;
    },
  };
}

/** Waits up to a minute for any response. */
async function answer(endpoint: string): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    if (await fetch(endpoint).catch(() => undefined)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing answers at ${endpoint}`);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

if (require.main === module) embed(process.argv[2]).then(({ endpoint }) => announce(endpoint));
