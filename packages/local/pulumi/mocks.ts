import { createHash } from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import { messageOf, UserError } from "./errors";
import type { Project } from "./project";
import { ACCOUNT_ID, type Created, type Provider, type Resource } from "./resource";

export interface MockOptions {
  onCreated?: (resource: Resource) => void;
  /** Gets what is not emulated, in words. */
  ignored: string[];
  fail: (error: unknown) => void;
}

/** Pulumi's runtime mocks, which answer the program instead of AWS. */
export function createMocks(
  project: Project,
  provider: Provider,
  { onCreated, ignored, fail }: MockOptions,
): pulumi.runtime.Mocks {
  const { region } = project;
  const arn = (service: string, resource: string) => `arn:aws:${service}:${region}:${ACCOUNT_ID}:${resource}`;
  const declared = new Set<string>();

  /** Answers with what `create` returns. If it throws, the deployment fails and there is no answer. */
  async function answer<T>(label: string, create: () => Promise<T>): Promise<T> {
    try {
      return await create();
    } catch (error) {
      fail(error instanceof UserError ? error : new UserError(`${label}: ${messageOf(error)}`));
      return new Promise(() => {});
    }
  }

  async function createResource({
    type,
    name,
    inputs,
    custom,
    id: existing,
  }: pulumi.runtime.MockResourceArgs) {
    const label = `${type} "${name}"`;
    if (declared.has(label)) throw new Error("another resource of this type has the same name");
    declared.add(label);
    // The program's own components have nothing to emulate; awsx has components that create resources.
    const isReal = custom || type.startsWith("aws");
    // A resource that a program looks up with `get` was created elsewhere.
    const isFound = Boolean(existing) && Object.keys(inputs).length === 0;
    if (isReal && (isFound || !provider[type]?.honors))
      ignored.push(shortName(type) + (isFound ? ".get" : ""));
    const physicalName =
      existing || (inputs.name ?? `${inputs.namePrefix ?? `${name}-`}${suffix(project, type, name)}`);
    const resource = { type, name, inputs, physicalName, arn };
    const created = (isFound ? undefined : await provider[type]?.(resource)) ?? {};
    ignored.push(...listIgnored(resource, created, provider));
    onCreated?.(resource);
    const { id = physicalName, outputs } = created;
    const service = type.split(/[:/]/)[1] ?? "";
    return { id, state: { name: physicalName, arn: arn(service, physicalName), ...inputs, ...outputs } };
  }

  async function callDataSource({ token, inputs }: pulumi.runtime.MockCallArgs) {
    const name = shortName(token);
    const dataSource = provider[token];
    if (!dataSource) ignored.push(name);
    const physicalName = inputs.name ?? name;
    const resource = { type: token, name, inputs, physicalName, arn };
    const { outputs } = (await dataSource?.(resource)) ?? {};
    return { ...(!dataSource && { id: physicalName, name: physicalName }), ...inputs, ...outputs };
  }

  return {
    newResource: async (args) =>
      args.type === "pulumi:pulumi:Stack"
        ? { id: args.name, state: args.inputs }
        : answer(`${args.type} "${args.name}" cannot be created`, () => createResource(args)),
    call: (args) => answer(`${args.token} fails`, () => callDataSource(args)),
  };
}

/** Like the suffix of Pulumi's auto-naming, but always the same for a resource. */
const suffix = (project: Project, type: string, name: string) =>
  createHash("sha256").update([project.name, project.stack, type, name].join("\n")).digest("hex").slice(0, 7);

/** Inputs that need no emulation, or that physical names are made from. */
const HARMLESS = ["name", "namePrefix", "description", "tags", "tagsAll"];

/** The last part of a type or of a data source's token. */
const shortName = (type: string): string => type.split(":").pop() ?? type;

/** What the emulation of a resource ignores, in words: some of its inputs, or what it says itself. */
function listIgnored({ type, inputs }: Resource, { ignored = [] }: Created, provider: Provider): string[] {
  const short = shortName(type);
  const known = [...HARMLESS, ...(provider[type]?.honors ?? Object.keys(inputs))];
  const unknown = Object.entries(inputs).flatMap(([input, value]) =>
    known.includes(input) || isUnset(value) ? [] : `${short}.${input}`,
  );
  return [...unknown, ...ignored.map((what) => `${short}${what}`)];
}

/** Whether an input asks for nothing: it is undefined, `false`, or an object or list of these. */
const isUnset = (value: unknown): boolean =>
  value === undefined ||
  value === false ||
  (typeof value === "object" && value !== null && Object.values(value).every(isUnset));
