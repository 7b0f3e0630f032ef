import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  ConcurrentUpdateError,
  LocalWorkspace,
  type OutputValue,
  PulumiCommand,
  Stack,
  StackAlreadyExistsError,
} from "@pulumi/pulumi/automation";
import { version as sdkVersion } from "@pulumi/pulumi/version";
import { Failure } from "./failures";
import type { Interrupt } from "./interrupt";
import { readSettings } from "./settings";

/** A stack that lives for the time of a trial. */
export interface Trial {
  name: string;
  /** The commands that do what {@link Trial.remove} does, to be run in the project's folder. */
  commandsToRemove: string[];
  /** @throws Failure when the settings cannot be taken */
  create(): Promise<void>;
  /** A setting of the stack: its own or, from Pulumi.yaml, its default. */
  setting(key: string): Promise<string>;
  configure(settings: Record<string, string>): Promise<void>;
  preview(): Promise<void>;
  /** @returns the stack's outputs */
  up(options?: { expectNoChanges: boolean }): Promise<Record<string, string>>;
  /** Deletes whatever there is of it, the stack itself included. */
  remove(): Promise<void>;
}

export interface TrialOptions {
  /** The project's. */
  folder: string;
  /** The settings in `Pulumi.<settings>.yaml` are the stack's. */
  settings: string;
  interrupt: Interrupt;
  /** Takes what the CLI writes, line by line. */
  show: (line: string) => void;
}

/**
 * A stack of its own, with a name that no other is likely to have.
 *
 * @throws Failure when the CLI is too old
 */
export async function createTrial({ folder, settings, interrupt, show }: TrialOptions): Promise<Trial> {
  const name = `e2e-${randomBytes(4).toString("hex")}`;
  const workspace = await LocalWorkspace.create({ workDir: folder, pulumiCommand: await findCommand() });
  const { name: project } = await workspace.projectSettings();
  let opened: Stack | undefined;
  let isOurs = false;
  const stack = async () => {
    opened ??= await Stack.select(name, workspace);
    return opened;
  };

  const onOutput = (text: string) => {
    if (text.includes("received; cancelling")) interrupt.isStopping();
    for (const line of text.split("\n")) if (/\w/.test(line) && !line.startsWith("@")) show(line.trimEnd());
  };
  const options = () => ({
    onOutput,
    onError: onOutput,
    color: "never" as const,
    suppressOutputs: true,
    suppressProgress: true,
    signal: interrupt.signal,
  });

  return {
    name,
    commandsToRemove: [`pulumi destroy --yes --stack ${name}`, `pulumi stack rm --yes ${name}`],
    async create() {
      const config = await readSettings(workspace, project, settings);
      const selected = await workspace.stack();
      await workspace.saveStackSettings(name, { config });
      isOurs = true;
      opened = await Stack.create(name, workspace).catch((error: Error) => {
        isOurs = !(error instanceof StackAlreadyExistsError);
        throw error;
      });
      // The stack that is selected in this folder stays the one.
      if (selected) await workspace.selectStack(selected.name);
    },
    async setting(key) {
      return (await (await stack()).getAllConfig())[`${project}:${key}`]?.value ?? "";
    },
    async configure(changes) {
      for (const [key, value] of Object.entries(changes))
        await (await stack()).setConfig(`${project}:${key}`, { value });
    },
    async preview() {
      await (await stack()).preview(options());
    },
    async up({ expectNoChanges } = { expectNoChanges: false }) {
      const { outputs } = await (await stack()).up({ ...options(), expectNoChanges });
      return Object.fromEntries(
        Object.entries<OutputValue>(outputs).map(([key, { value }]) => [key, `${value}`]),
      );
    },
    async remove() {
      const isThere = async () =>
        (await workspace.listStacks()).some((listed) => listed.name.split("/").pop() === name);
      if (isOurs && (await isThere())) {
        const left = await stack();
        await left.destroy(options()).catch(async (error: Error) => {
          // A CLI that was killed leaves its lock behind.
          if (!(error instanceof ConcurrentUpdateError)) throw error;
          await left.cancel();
          await left.destroy(options());
        });
        await workspace.removeStack(name);
      }
      rmSync(join(folder, `Pulumi.${name}.yaml`), { force: true });
    },
  };
}

/** The first CLI that applies the defaults in Pulumi.yaml, which the program counts on. */
const OLDEST_MINOR = 50;

async function findCommand(): Promise<PulumiCommand> {
  const command = await PulumiCommand.get({ skipVersionCheck: true });
  const { version } = command;
  if (version && (version.major < 3 || (version.major === 3 && version.minor < OLDEST_MINOR))) {
    throw new Failure(
      `The Pulumi CLI ${version} is too old: 3.${OLDEST_MINOR} is needed. Install a newer one: https://www.pulumi.com/docs/install/`,
    );
  }
  // A CLI that was built from source may not say its version, without which the API refuses to preview.
  return version ? command : Object.assign(command, { version: sdkVersion });
}
