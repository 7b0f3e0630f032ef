import { createHash } from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import { messageOf, UserError } from "./errors";
import type { Project } from "./project";
import { ACCOUNT_ID, type Created, type Provider, type Resource } from "./resource";

export interface MockOptions {
  onCreated: (resource: Resource, created: Created) => void;
  /** Resources that are being created, by type and name. */
  creating: Set<string>;
  fail: (error: unknown) => void;
}

/** Pulumi's runtime mocks, which answer the program instead of AWS. */
export function createMocks(
  project: Project,
  provider: Provider,
  { onCreated, creating, fail }: MockOptions,
): pulumi.runtime.Mocks {
  const { region } = project;
  const arn = (service: string, resource: string) => `arn:aws:${service}:${region}:${ACCOUNT_ID}:${resource}`;
  const declared = new Set<string>();
  return {
    async newResource({ type, name, inputs }) {
      if (type === "pulumi:pulumi:Stack") return { id: name, state: inputs };
      const physicalName = inputs.name ?? `${inputs.namePrefix ?? `${name}-`}${suffix(project, type, name)}`;
      const resource = { type, name, inputs, physicalName, arn };
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
      const dataSource = provider[token];
      if (!dataSource) {
        fail(new UserError(`The local run doesn't emulate the data source ${token}.`));
        return {};
      }
      const { outputs } = await dataSource({ type: token, name: "", inputs, physicalName: "", arn });
      return { ...inputs, ...outputs };
    },
  };
}

/** Like the suffix of Pulumi's auto-naming, but always the same for a resource. */
const suffix = (project: Project, type: string, name: string) =>
  createHash("sha256").update([project.name, project.stack, type, name].join("\n")).digest("hex").slice(0, 7);
