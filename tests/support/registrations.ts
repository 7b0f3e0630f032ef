import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/** What a program registers about a resource but Pulumi doesn't pass to mocks. */
export interface Registration {
  type: string;
  name: string;
  protect: boolean;
  retainOnDelete: boolean;
  /** The name of the parent component, if any. */
  parent?: string;
  /** Whether the type has tags: its constructor sets the property, even if to undefined. */
  takesTags: boolean;
  /** The resources in `dependsOn` and those whose outputs it uses. */
  dependencies: () => Promise<string[]>;
}

let registrations = new Map<pulumi.Resource, Registration>();

/** A stack transformation that changes nothing. */
export function record({ resource, type, name, props, opts }: pulumi.ResourceTransformationArgs): undefined {
  const all = registrations;
  const { protect, retainOnDelete, parent, dependsOn } = opts as pulumi.CustomResourceOptions;
  all.set(resource, {
    type,
    name,
    protect: protect === true,
    retainOnDelete: retainOnDelete === true,
    parent: parent && all.get(parent)?.name,
    takesTags: "tags" in props,
    dependencies: async () => {
      const found = new Set<pulumi.Resource>();
      await pulumi.runtime.serializeProperty(name, { props, dependsOn: dependsOn ?? [] }, found);
      return [...found].map((other) => `${all.get(other)?.type.split(":").pop()} ${all.get(other)?.name}`);
    },
  });
}

/** Writes a program to the project's folder that runs `index.ts` under {@link record}. */
export function writeRecordingProgram(folder: string): string {
  const program = join(folder, "recorded.js");
  const registration = `require(${JSON.stringify(__filename)}).record`;
  const lines = [
    `require("@pulumi/pulumi").runtime.registerStackTransformation(${registration});`,
    'module.exports = require("./index");\n',
  ];
  writeFileSync(program, lines.join("\n"));
  return program;
}

/** Returns what has been recorded since the last call. */
export function takeRegistrations(): Registration[] {
  const taken = [...registrations.values()];
  registrations = new Map();
  return taken;
}
