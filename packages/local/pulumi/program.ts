import { isAbsolute, relative } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as state from "@pulumi/pulumi/runtime/state";
import { messageOf, UserError } from "./errors";
import { createMocks } from "./mocks";
import type { Project } from "./project";
import type { Provider, Resource } from "./resource";

/** A stack's outputs, by name. */
export type Outputs = Record<string, unknown>;

export interface DeployOptions {
  /** Called for each resource, in the order of creation; by `run` only in the first deployment. */
  onCreated?: (resource: Resource) => void;
  /** Called if the deployment takes more than a few seconds. */
  onWaiting?: () => void;
  /** Interrupts the deployment. */
  signal?: AbortSignal;
}

const PATIENCE_MS = 5000;

/** Pulumi leaves these out of its types. It runs inline programs in a store of their own. */
const { getStore, withLocalStorage } = state as unknown as {
  getStore(): { supportsSecrets: boolean; supportsResourceReferences: boolean };
  withLocalStorage<T>(callback: () => T): T;
};

/**
 * Runs the project's program under Pulumi's runtime mocks, with `provider` instead of AWS. Resources of a type that the
 * provider doesn't have only get a name and an ARN.
 *
 * @returns the stack's outputs, and what is not emulated
 * @throws UserError when the program fails, a resource can't be created or `signal` aborts
 */
export async function deploy(
  project: Project,
  provider: Provider,
  { onCreated, onWaiting, signal }: DeployOptions = {},
): Promise<{ outputs: Outputs; ignored: string[] }> {
  // If a mock rejected, so would everything that depends on it. Only the first cause matters: it ends the deployment,
  // and the mock never answers.
  let fail: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const interrupt = () => fail(new UserError("The deployment was interrupted."));
  if (signal?.aborted) interrupt();
  signal?.addEventListener("abort", interrupt);
  const patience = setTimeout(() => onWaiting?.(), PATIENCE_MS);
  const ignored: string[] = [];

  const mocks = createMocks(project, provider, { onCreated, ignored, fail });
  process.on("unhandledRejection", fail);
  const outside = process.cwd();
  process.chdir(project.directory);
  try {
    // Keeps what a failed deployment left undone from registering resources in the next.
    const deployed = withLocalStorage(async () => {
      await pulumi.runtime.setMocks(mocks, project.name, project.stack, false, "organization");
      pulumi.runtime.setAllConfig(project.config);
      forgetModules(project.folder);
      return await evaluate(project.program);
    });
    return { outputs: await Promise.race([deployed, failure]), ignored };
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (pulumi.RunError.isInstance(error)) throw new UserError(error.message);
    // What a data source would have returned may be what the program fails without.
    const perhaps = ignored.length > 0 ? `\nNot emulated: ${[...new Set(ignored)].join(", ")}` : "";
    throw new UserError(describe(error, project) + perhaps);
  } finally {
    // What has failed or was interrupted must create nothing more, such as a server at the next deployment's port.
    mocks.newResource = mocks.call = () => new Promise<never>(() => {});
    process.chdir(outside);
    clearTimeout(patience);
    signal?.removeEventListener("abort", interrupt);
    // One failure can reject several promises, and Node.js reports them a moment later.
    setImmediate(() => process.off("unhandledRejection", fail));
  }
}

async function evaluate(program: string): Promise<Outputs> {
  const outputs = await pulumi.runtime.runInPulumiStack(async () => {
    // Secrets then arrive as plain values, and resources as their ids. AWS's provider gets the same.
    Object.assign(getStore(), { supportsSecrets: false, supportsResourceReferences: false });
    const exported = require(program);
    return typeof exported === "function" ? exported() : exported;
  });
  await pulumi.runtime.disconnect();
  // Node.js reports a rejection a moment later.
  await new Promise(setImmediate);
  return outputs as Outputs;
}

/** Makes Node.js load the program's modules again. */
function forgetModules(folder: string): void {
  for (const file of Object.keys(require.cache)) if (isOwn(folder, file)) delete require.cache[file];
  // This module also keeps the modules that it loaded first, and with them all that they deployed.
  module.children = module.children.filter(({ filename }) => !isOwn(folder, filename));
}

/** Whether a file is one of the project's own. The project itself may be in a folder `node_modules`. */
function isOwn(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return !isAbsolute(path) && !/^\.\.($|[\\/])|(^|[\\/])node_modules[\\/]/.test(path);
}

/** The program's error in a sentence, with its place in the project if that is known. */
function describe(error: unknown, { folder }: Project): string {
  const { stack = "", requireStack = [] } = error as Partial<Error> & { requireStack?: string[] };
  const frames = [...stack.matchAll(/(\/[^()\n]+:\d+):\d+\)?$/gm)].flatMap(([, place = ""]) => place);
  // A syntax error names its place itself.
  const places = error instanceof SyntaxError ? [] : [...requireStack, ...frames];
  const place = places.find((path) => isOwn(folder, path));
  return `The program failed: ${messageOf(error)}${place ? ` (${relative(folder, place)})` : ""}`;
}
