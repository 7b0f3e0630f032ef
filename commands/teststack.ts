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
import { Failure } from "./errors";
import type { Interrupt } from "./interrupt";
import { readStackSettings } from "./stacksettings";

/** A temporary stack. */
export interface TestStack {
  name: string;
  /** Shell commands that do the same as {@link TestStack.remove}, for the project's folder. */
  commandsToRemove: string[];
  /** @throws Failure when the settings can't be used */
  create(): Promise<void>;
  /** A setting's value in the stack, or its default in Pulumi.yaml. */
  setting(key: string): Promise<string>;
  configure(settings: Record<string, string>): Promise<void>;
  preview(): Promise<void>;
  /** @returns the stack's outputs */
  up(options?: { expectNoChanges: boolean }): Promise<Record<string, string>>;
  /** Deletes the resources and the stack, as far as they exist. */
  remove(): Promise<void>;
}

export interface TestStackOptions {
  /** The project's folder. */
  folder: string;
  /** The stack gets the settings in `Pulumi.<settings>.yaml`. */
  settings: string;
  interrupt: Interrupt;
  /** Called with each line of the CLI's output. */
  show: (line: string) => void;
}

/**
 * Chooses a random name for a stack. {@link TestStack.create} creates it.
 *
 * @throws Failure when the CLI is too old
 */
export async function createTestStack(options: TestStackOptions): Promise<TestStack> {
  const { folder, settings, interrupt, show } = options;
  const name = `e2e-${randomBytes(4).toString("hex")}`;
  const workspace = await LocalWorkspace.create({ workDir: folder, pulumiCommand: await findCommand() });
  const { name: project } = await workspace.projectSettings();
  let selected: Stack | undefined;
  let isOurs = false;
  const stack = async () => {
    selected ??= await Stack.select(name, workspace);
    return selected;
  };

  const onOutput = (text: string) => {
    if (text.includes("received; cancelling")) interrupt.commandIsStopping();
    for (const line of text.split("\n")) if (/\w/.test(line) && !line.startsWith("@")) show(line.trimEnd());
  };
  const commandOptions = () => ({
    onOutput,
    onError: onOutput,
    color: "never" as const,
    suppressOutputs: true,
    suppressProgress: true,
    signal: interrupt.abortSignal,
  });

  return {
    name,
    commandsToRemove: [`pulumi destroy --yes --stack ${name}`, `pulumi stack rm --yes ${name}`],
    async create() {
      const config = await readStackSettings(workspace, project, settings);
      const previous = await workspace.stack();
      await workspace.saveStackSettings(name, { config });
      isOurs = true;
      selected = await Stack.create(name, workspace).catch((error: Error) => {
        isOurs = !(error instanceof StackAlreadyExistsError);
        throw error;
      });
      // Creating a stack also selects it.
      if (previous) await workspace.selectStack(previous.name);
    },
    async setting(key) {
      return (await (await stack()).getAllConfig())[`${project}:${key}`]?.value ?? "";
    },
    async configure(changes) {
      for (const [key, value] of Object.entries(changes))
        await (await stack()).setConfig(`${project}:${key}`, { value });
    },
    async preview() {
      await (await stack()).preview(commandOptions());
    },
    async up({ expectNoChanges } = { expectNoChanges: false }) {
      const { outputs } = await (await stack()).up({ ...commandOptions(), expectNoChanges });
      return Object.fromEntries(
        Object.entries<OutputValue>(outputs).map(([key, { value }]) => [key, `${value}`]),
      );
    },
    async remove() {
      const exists = async () =>
        (await workspace.listStacks()).some((listed) => listed.name.split("/").pop() === name);
      if (isOurs && (await exists())) {
        const existing = await stack();
        await existing.destroy(commandOptions()).catch(async (error: Error) => {
          // A killed CLI leaves its lock behind.
          if (!(error instanceof ConcurrentUpdateError)) throw error;
          await existing.cancel();
          await existing.destroy(commandOptions());
        });
        await workspace.removeStack(name);
      }
      rmSync(join(folder, `Pulumi.${name}.yaml`), { force: true });
    },
  };
}

/** The first CLI that applies the defaults in Pulumi.yaml. */
const MINIMUM_MINOR = 50;

async function findCommand(): Promise<PulumiCommand> {
  const command = await PulumiCommand.get({ skipVersionCheck: true });
  const { version } = command;
  if (version && (version.major < 3 || (version.major === 3 && version.minor < MINIMUM_MINOR))) {
    throw new Failure(
      `Pulumi CLI ${version} is too old; version 3.${MINIMUM_MINOR} or later is required. Install it: https://www.pulumi.com/docs/install/`,
    );
  }
  // A CLI built from source may not report its version, without which the API refuses to preview.
  return version ? command : Object.assign(command, { version: sdkVersion });
}
