import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { startDynamoDB as embed } from "pulumi-aws-local";
import { announce, startProcess } from "./processes";

/** What can stand in for DynamoDB. */
export const ENGINES = ["embedded", "dynamodb-local", "dynoxide"] as const;
export type Engine = (typeof ENGINES)[number];

/** The one that answers fastest, where it runs. */
export const defaultEngine = (): Engine => (existsSync(join(dynoxide, "dynoxide")) ? "dynoxide" : "embedded");

/** The options ask for what this machine lacks. */
export class Missing extends Error {}

const DYNAMODB_LOCAL = "2.6.1";
const dynoxide = join(__dirname, "node_modules/@dynoxide/linux-x64");
const versionIn = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;

/** The engine's name and version. */
export function describe(engine: Engine): string {
  if (engine === "dynamodb-local") return `DynamoDB Local ${DYNAMODB_LOCAL}`;
  if (engine === "dynoxide") return `dynoxide ${versionIn(dynoxide)}`;
  return `the embedded DynamoDB (dynalite ${versionIn(join(__dirname, "../node_modules/dynalite"))})`;
}

/**
 * Starts an engine in a process of its own, so that no contender shares its event loop.
 *
 * @param options.data a folder for the tables of the embedded engine; without it they are in memory
 * @throws Missing when this machine lacks what the engine needs
 */
export async function startDynamoDB({ engine = "embedded", data }: { engine?: Engine; data?: string } = {}) {
  if (engine === "embedded") {
    const { message: endpoint, close } = await startProcess<string>(__filename, data ? [data] : []);
    return { endpoint, close };
  }
  const port = await freePort();
  const [command, ...args] = engine === "dynoxide" ? dynoxideCommand(port) : await dynamodbLocalCommand(port);
  const child = spawn(command, args, { stdio: "ignore" });
  const exit = once(child, "exit");
  process.once("exit", () => child.kill());
  const endpoint = `http://127.0.0.1:${port}`;
  await Promise.race([answer(endpoint), exit.then(() => Promise.reject(new Error(`${command} has ended`)))]);
  return {
    endpoint,
    async close() {
      child.kill();
      await exit;
    },
  };
}

type Command = [string, ...string[]];

function dynoxideCommand(port: number): Command {
  const file = join(dynoxide, "dynoxide");
  if (!existsSync(file)) {
    throw new Missing("dynoxide is installed on x64 Linux only; choose another engine on this machine.");
  }
  return [file, "serve", "--port", `${port}`];
}

/** Maven fetches it the first time, 51 MB; it comes with a native library, which lies beside the JARs. */
async function dynamodbLocalCommand(port: number): Promise<Command> {
  const run = promisify(execFile);
  await Promise.all([run("java", ["-version"]), run("mvn", ["-version"])]).catch(() => {
    throw new Missing("DynamoDB Local needs the commands java (17 or later) and mvn (Maven) on the PATH.");
  });
  const folder = join(__dirname, `../node_modules/.cache/dynamodb-local-${DYNAMODB_LOCAL}`);
  if (!existsSync(join(folder, `DynamoDBLocal-${DYNAMODB_LOCAL}.jar`))) {
    mkdirSync(folder, { recursive: true });
    const artifact = (group: string, name: string, version: string) =>
      `<groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>`;
    const dependency = artifact("com.amazonaws", "DynamoDBLocal", DYNAMODB_LOCAL);
    const pom = `<project><modelVersion>4.0.0</modelVersion>${artifact("bench", "bench", "1")}<dependencies><dependency>${dependency}</dependency></dependencies></project>`;
    writeFileSync(join(folder, "pom.xml"), pom);
    const copy = ["-q", "dependency:copy-dependencies", `-DoutputDirectory=${folder}`];
    await run("mvn", copy, { cwd: folder }).catch(({ stdout }: { stdout: string }) => {
      throw new Missing(`Maven could not fetch DynamoDB Local:\n${stdout}`);
    });
  }
  const main = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner";
  const options = ["-inMemory", "-sharedDb", "-disableTelemetry", "-port", `${port}`];
  return ["java", `-Djava.library.path=${folder}`, "-cp", join(folder, "*"), main, ...options];
}

/** Waits for any answer, for up to a minute. */
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
