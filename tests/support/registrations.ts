import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/** What a program registers about a resource but Pulumi doesn't pass to mocks. */
export interface Registration {
  type: string;
  name: string;
  protect: boolean;
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
  all.set(resource, {
    type,
    name,
    protect: opts.protect === true,
    parent: opts.parent && all.get(opts.parent)?.name,
    takesTags: "tags" in props,
    dependencies: async () => {
      const found = new Set<pulumi.Resource>();
      await pulumi.runtime.serializeProperty(
        name,
        { props, dependsOn: "dependsOn" in opts ? opts.dependsOn : [] },
        found,
      );
      return [...found].map((other) => `${all.get(other)?.type} ${all.get(other)?.name}`);
    },
  });
  return undefined;
}

/** Writes a program to the project's folder that runs `index.ts` under {@link record}. */
export function writeRecordingProgram(folder: string): string {
  const program = join(folder, "recorded.js");
  const text = `require("@pulumi/pulumi").runtime.registerStackTransformation(require(${JSON.stringify(__filename)}).record);
module.exports = require("./index");
`;
  writeFileSync(program, text);
  return program;
}

/** Returns what has been recorded since the last call. */
export function takeRegistrations(): Registration[] {
  const taken = [...registrations.values()];
  registrations = new Map();
  return taken;
}
