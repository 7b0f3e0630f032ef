import { createHash } from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import { messageOf, UserError } from "./errors";
import type { Project } from "./project";
import { ACCOUNT_ID, type Created, type Provider, type Resource } from "./resource";

export interface MockOptions {
  onCreated: (resource: Resource, created: Created) => void;
  /** Called with the name of a data source that is not emulated. */
  onIgnored: (what: string) => void;
  /** Resources that are being created, by type and name. */
  creating: Set<string>;
  fail: (error: unknown) => void;
}

/** Pulumi's runtime mocks, which answer the program instead of AWS. */
export function createMocks(
  project: Project,
  provider: Provider,
  { onCreated, onIgnored, creating, fail }: MockOptions,
): pulumi.runtime.Mocks {
  const { region } = project;
  const arn = (service: string, resource: string) => `arn:aws:${service}:${region}:${ACCOUNT_ID}:${resource}`;
  const declared = new Set<string>();
  return {
    async newResource({ type, name, inputs, custom }) {
      if (type === "pulumi:pulumi:Stack") return { id: name, state: inputs };
      const physicalName = inputs.name ?? `${inputs.namePrefix ?? `${name}-`}${suffix(project, type, name)}`;
      const resource = { type, name, custom, inputs, physicalName, arn };
      const label = `${type} "${name}"`;
      try {
        if (declared.has(label)) throw new Error("another resource of this type has the same name");
        declared.add(label);
        creating.add(label);
        const created = (await provider[type]?.(resource)) ?? {};
        const { id = physicalName, outputs } = created;
        creating.delete(label);
        onCreated(resource, created);
        const service = type.split(/[:/]/)[1] ?? "";
        return { id, state: { name: physicalName, arn: arn(service, physicalName), ...inputs, ...outputs } };
      } catch (error) {
        const problem = `${label} cannot be created: ${messageOf(error)}`;
        fail(error instanceof UserError ? error : new UserError(problem));
        return new Promise(() => {});
      }
    },
    async call({ token, inputs }) {
      const name = token.split(":").pop() ?? token;
      try {
        const dataSource = provider[token];
        if (!dataSource) onIgnored(name);
        const resource = { type: token, name, inputs, physicalName: inputs.name ?? name, arn };
        const { outputs, ignored = [] } = (await dataSource?.(resource)) ?? {};
        for (const what of ignored) onIgnored(name + what);
        return { id: resource.physicalName, name: resource.physicalName, ...inputs, ...outputs };
      } catch (error) {
        fail(error instanceof UserError ? error : new UserError(`${name} fails: ${messageOf(error)}`));
        return new Promise(() => {});
      }
    },
  };
}

/** Like the suffix of Pulumi's auto-naming, but always the same for a resource. */
const suffix = (project: Project, type: string, name: string) =>
  createHash("sha256").update([project.name, project.stack, type, name].join("\n")).digest("hex").slice(0, 7);
