import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/** What a program declares of a resource and mocks don't get. */
export interface Declared {
  type: string;
  name: string;
  protect: boolean;
  /** The component that it is a part of, if any. */
  parent?: string;
  /** Whether the resource's type has tags: its constructor sets the property, be it to undefined. */
  takesTags: boolean;
  /** The resources that have to be there before it: those in `dependsOn` and those whose outputs it uses. */
  dependencies: () => Promise<string[]>;
}

let declared = new Map<pulumi.Resource, Declared>();

/** A stack transformation that changes nothing. */
export function record({ resource, type, name, props, opts }: pulumi.ResourceTransformationArgs): undefined {
  const all = declared;
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

/** A program in a project's folder that evaluates the project's own under {@link record}. */
export function recordingProgram(folder: string): string {
  const program = join(folder, "recorded.js");
  const text = `require("@pulumi/pulumi").runtime.registerStackTransformation(require(${JSON.stringify(__filename)}).record);
module.exports = require("./index");
`;
  writeFileSync(program, text);
  return program;
}

/** What has been recorded since the last time. */
export function takeDeclared(): Declared[] {
  const taken = [...declared.values()];
  declared = new Map();
  return taken;
}
