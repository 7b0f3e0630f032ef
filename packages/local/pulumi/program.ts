import { isAbsolute, relative } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as state from "@pulumi/pulumi/runtime/state";
import { messageOf, UserError } from "./errors";
import { createMocks } from "./mocks";
import type { Project } from "./project";
import type { Created, Provider, Resource } from "./resource";

/** A stack's outputs, by name. */
export type Outputs = Record<string, unknown>;

export interface Patience {
  /** Interrupts the deployment. */
  signal?: AbortSignal;
  /** Called with what the deployment is waiting for, in words, if it takes more than a few seconds. */
  onWaiting?: (what: string) => void;
  /** Called with the name of a data source that is not emulated; it has no outputs but its inputs. */
  onIgnored?: (what: string) => void;
  /** Seconds after which a deployment fails. */
  seconds?: number;
}

const DEPLOYMENT_SECONDS = 60;

/** Pulumi leaves them out of its types. It runs inline programs in a store of their own. */
const { getStore, withLocalStorage } = state as unknown as {
  getStore(): { supportsSecrets: boolean; supportsResourceReferences: boolean };
  withLocalStorage<T>(callback: () => T): T;
};

/**
 * Runs the project's program under Pulumi's runtime mocks, with `provider` instead of AWS. Resources of a type that the
 * provider doesn't have only get a name and an ARN.
 *
 * @param onCreated called for each resource, in the order of creation
 * @returns the stack's outputs
 * @throws UserError when the program fails or doesn't end, or when a resource can't be created
 */
export async function deploy(
  project: Project,
  provider: Provider,
  onCreated: (resource: Resource, created: Created) => void = () => {},
  { signal, onWaiting, onIgnored = () => {}, seconds = DEPLOYMENT_SECONDS }: Patience = {},
): Promise<Outputs> {
  // If a mock rejected, so would everything that depends on it. Only the first cause matters: it ends the deployment, and
  // the mock never answers.
  let fail: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const creating = new Set<string>();
  const waitsFor = () =>
    creating.size > 0 ? [...creating].join(", ") : "a promise in the program that does not settle";
  const interrupt = () => fail(new UserError("The deployment was interrupted."));
  signal?.addEventListener("abort", interrupt);
  if (signal?.aborted) interrupt();
  const patience = setTimeout(() => onWaiting?.(waitsFor()), Math.min(5, seconds / 2) * 1000);
  const limit = setTimeout(() => {
    fail(new UserError(`The deployment did not end within ${seconds} s. It waits for ${waitsFor()}.`));
  }, seconds * 1000);

  process.on("unhandledRejection", fail);
  try {
    // Keeps what a failed deployment left undone from registering resources in the next.
    const deployed = withLocalStorage(async () => {
      const mocks = createMocks(project, provider, { onCreated, onIgnored, creating, fail });
      await pulumi.runtime.setMocks(mocks, project.name, project.stack, false);
      pulumi.runtime.setAllConfig(project.config);
      forgetModules(project.folder);
      process.setSourceMapsEnabled(true);
      return await evaluate(project.program);
    });
    return await Promise.race([deployed, failure]);
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(describe(error, project));
  } finally {
    clearTimeout(patience);
    clearTimeout(limit);
    signal?.removeEventListener("abort", interrupt);
    // One failure can reject several promises, and Node.js reports them a moment later.
    setImmediate(() => process.off("unhandledRejection", fail));
  }
}

async function evaluate(program: string): Promise<Outputs> {
  const outputs = await pulumi.runtime.runInPulumiStack(() => {
    // Secrets then arrive as plain values, and resources as their ids. AWS's provider gets the same.
    Object.assign(getStore(), { supportsSecrets: false, supportsResourceReferences: false });
    return import(program);
  });
  await pulumi.runtime.disconnect();
  // Node.js reports a rejection a moment later.
  await new Promise(setImmediate);
  return outputs as Outputs;
}

/** Makes Node.js load the program's modules again. */
function forgetModules(folder: string): void {
  for (const file of modulesIn(folder)) delete require.cache[file];
  // This module also keeps the modules that it loaded first, and with them all that they deployed.
  module.children = module.children.filter(({ filename }) => !isOwn(folder, filename));
}

const modulesIn = (folder: string) => Object.keys(require.cache).filter((file) => isOwn(folder, file));

/** Whether a file is one of the project's own. The project itself may be in a folder `node_modules`. */
function isOwn(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return !isAbsolute(path) && !/^\.\.($|[\\/])|(^|[\\/])node_modules[\\/]/.test(path);
}

/** The program's error in a sentence, with its place in the project if that is known. */
function describe(error: unknown, project: Project): string {
  if (pulumi.RunError.isInstance(error)) return error.message;
  const frames = error instanceof Error ? (error.stack ?? "").split("\n") : [];
  const [place] = frames.flatMap((frame) => {
    const [, file = "", line] = /\(?(\/[^()]+):(\d+):\d+\)?$/.exec(frame) ?? [];
    return file && isOwn(project.folder, file) ? `${relative(project.folder, file)}:${line}` : [];
  });
  return `The program failed: ${messageOf(error)}${place ? ` (${place})` : ""}`;
}
