import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { LocalWorkspace, StackSettingsConfigValue } from "@pulumi/pulumi/automation";
import { Failure } from "./failures";

type Config = Record<string, StackSettingsConfigValue>;

/** Settings of a stack that a trial leaves out, because they reach beyond it: to a domain and a mailbox. */
const LEFT_OUT = ["domainName", "hostedZoneId", "disableExecuteApiEndpoint", "alarmEmail"];

/**
 * Reads the settings in `Pulumi.<settings>.yaml` as a trial can use them. Its data is not protected, or else it could
 * not be deleted.
 *
 * @returns them with full keys, `PROJECT:KEY`
 * @throws Failure when there is no such file, or when it holds a secret
 */
export async function readSettings(
  workspace: LocalWorkspace,
  project: string,
  settings: string,
): Promise<Config> {
  const folder = workspace.workDir;
  if (!existsSync(join(folder, `Pulumi.${settings}.yaml`))) {
    const all = readdirSync(folder).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
    throw new Failure(`There is no Pulumi.${settings}.yaml. Choose --settings ${all.join(" or ")}.`);
  }
  const config: Config = {};
  for (const [key, value] of Object.entries((await workspace.stackSettings(settings)).config ?? {})) {
    if (typeof value === "object" && value !== null && "secure" in value) {
      throw new Failure(
        `Another stack cannot decrypt ${key} in Pulumi.${settings}.yaml. Choose other --settings.`,
      );
    }
    config[key.includes(":") ? key : `${project}:${key}`] = value;
  }
  for (const key of LEFT_OUT) delete config[`${project}:${key}`];
  return { ...config, [`${project}:protectData`]: "false" };
}
