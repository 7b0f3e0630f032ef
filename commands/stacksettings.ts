import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { LocalWorkspace, StackSettingsConfigValue } from "@pulumi/pulumi/automation";
import { Failure } from "./errors";

type Config = Record<string, StackSettingsConfigValue>;

/** Settings that affect things outside the stack: a domain and a mailbox. */
const EXCLUDED = ["domainName", "hostedZoneId", "disableExecuteApiEndpoint", "alarmEmail"];

/**
 * Reads the settings in `Pulumi.<settings>.yaml` for a temporary stack. `protectData` is off, so that the stack can be
 * deleted.
 *
 * @returns them with full keys, `PROJECT:KEY`
 * @throws Failure when there is no such file, or when it contains a secret
 */
export async function readStackSettings(
  workspace: LocalWorkspace,
  project: string,
  settings: string,
): Promise<Config> {
  const folder = workspace.workDir;
  if (!existsSync(join(folder, `Pulumi.${settings}.yaml`))) {
    const all = readdirSync(folder).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
    throw new Failure(`Pulumi.${settings}.yaml does not exist. Available: --settings ${all.join(", ")}.`);
  }
  const config: Config = {};
  for (const [key, value] of Object.entries((await workspace.stackSettings(settings)).config ?? {})) {
    if (typeof value === "object" && value !== null && "secure" in value) {
      throw new Failure(
        `${key} in Pulumi.${settings}.yaml is a secret, which another stack can't decrypt. Use other --settings.`,
      );
    }
    config[key.includes(":") ? key : `${project}:${key}`] = value;
  }
  for (const key of EXCLUDED) delete config[`${project}:${key}`];
  return { ...config, [`${project}:protectData`]: "false" };
}
