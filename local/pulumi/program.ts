import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { relative } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "./errors";
import type { Project } from "./project";
import { ACCOUNT_ID, type Provider, type Resource } from "./resource";

/** A stack's outputs, by name. */
export type Outputs = Record<string, unknown>;

/**
 * Runs the project's program under Pulumi's runtime mocks, with `provider` in the place of AWS. Of a resource
 * whose type the provider does not know nothing exists but a name and an ARN.
 *
 * @param onCreated called for each resource, in the order of creation
 * @param answers what data sources answer, by their tokens, in the place of or besides what is answered here
 * @returns the stack's outputs
 * @throws UserError when the program fails or a resource cannot be created
 */
export async function deploy(
  project: Project,
  provider: Provider,
  onCreated: (resource: Resource) => void = () => {},
  answers: Record<string, unknown> = {},
): Promise<Outputs> {
  const { region } = project;
  const arn = (service: string, resource: string) => `arn:aws:${service}:${region}:${ACCOUNT_ID}:${resource}`;

  // A mock that rejects would surface in everything that depends on it. The first cause is what matters: it
  // ends the deployment, and the mock never answers.
  let fail: (error: unknown) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });

  const declared = new Set<string>();
  const mocks: pulumi.runtime.Mocks = {
    async newResource({ type, name, inputs }) {
      if (type === "pulumi:pulumi:Stack") return { id: name, state: inputs };
      const physicalName = inputs.name ?? `${inputs.namePrefix ?? `${name}-`}${suffix(project, type, name)}`;
      const resource = { type, name, inputs, physicalName, arn };
      try {
        if (declared.has(`${type} ${name}`)) throw new Error("another resource of its type has its name");
        declared.add(`${type} ${name}`);
        const { id = physicalName, outputs } = (await provider[type]?.(resource)) ?? {};
        onCreated(resource);
        const service = type.split(/[:/]/)[1] ?? "";
        return { id, state: { name: physicalName, arn: arn(service, physicalName), ...inputs, ...outputs } };
      } catch (error) {
        const problem = `${type} "${name}" cannot be created: ${messageOf(error)}`;
        fail(error instanceof UserError ? error : new UserError(problem));
        return new Promise(() => {});
      }
    },
    async call({ token, inputs }) {
      const answer: unknown = {
        "aws:index/getCallerIdentity:getCallerIdentity": { accountId: ACCOUNT_ID },
        "aws:index/getPartition:getPartition": { partition: "aws", dnsSuffix: "amazonaws.com" },
        "aws:index/getRegion:getRegion": { region, name: region, id: region },
        "aws:index/getAvailabilityZones:getAvailabilityZones": {
          names: ["a", "b", "c"].map((z) => region + z),
        },
        "aws:ec2/getPrefixList:getPrefixList": { id: "pl-local", prefixListId: "pl-local", cidrBlocks: [] },
        "aws:ec2/getManagedPrefixList:getManagedPrefixList": { id: "pl-local", entries: [] },
        "aws:route53/getZone:getZone": { id: "ZLOCAL", zoneId: "ZLOCAL", nameServers: [] },
        ...answers,
      }[token];
      if (!answer) fail(new UserError(`The local run cannot answer ${token}.`));
      return { ...inputs, ...(answer as object) };
    },
  };

  process.on("unhandledRejection", fail);
  try {
    await pulumi.runtime.setMocks(mocks, project.name, project.stack, false);
    pulumi.runtime.setAllConfig(project.config);
    forgetModules(project.folder);
    return await Promise.race([evaluate(project.program), failure]);
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(describe(error, project));
  } finally {
    // What failed may be rejected in several places, which Node.js reports after this one.
    setImmediate(() => process.off("unhandledRejection", fail));
  }
}

async function evaluate(program: string): Promise<Outputs> {
  const outputs = await pulumi.runtime.runInPulumiStack(async () => import(program));
  await pulumi.runtime.disconnect();
  return outputs as Outputs;
}

/** Makes sure that the program runs anew, with its settings as they are now. */
function forgetModules(folder: string): void {
  for (const file of modulesIn(folder)) delete require.cache[file];
}

/** Whether a module of the program has changed since it was loaded, at a time in milliseconds since 1970. */
export const hasChanged = (folder: string, since: number): boolean =>
  modulesIn(folder).some((file) => !existsSync(file) || statSync(file).mtimeMs > since);

const modulesIn = (folder: string) =>
  Object.keys(require.cache).filter((file) => file.startsWith(folder) && !file.includes("node_modules"));

/** Like the suffix of Pulumi's auto-naming, but derived from what identifies the resource. */
const suffix = (project: Project, type: string, name: string) =>
  createHash("sha256").update([project.name, project.stack, type, name].join("\n")).digest("hex").slice(0, 7);

const messageOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replace(/\nRequire stack:.*/s, "");

/** The program's mistake in a sentence, with the place in the project where it was made, if that is known. */
function describe(error: unknown, project: Project): string {
  if (pulumi.RunError.isInstance(error)) return error.message;
  const frames = error instanceof Error ? (error.stack ?? "").split("\n") : [];
  const place = frames
    .map((frame) => /\(?(\/[^()]+:\d+):\d+\)?$/.exec(frame)?.[1])
    .find((path) => path?.startsWith(project.folder) && !path.includes("node_modules"));
  return `The program failed: ${messageOf(error)}${place ? ` (${relative(project.folder, place)})` : ""}`;
}
