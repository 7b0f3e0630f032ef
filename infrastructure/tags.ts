import * as pulumi from "@pulumi/pulumi";

/**
 * Tags every resource that takes tags with its project and stack. Not left to the provider's `defaultTags`:
 * these stand in a stack's file, and a new stack or a renamed project would have to be told there again.
 */
export function tagEverything(): void {
  const tags = { project: pulumi.getProject(), stack: pulumi.getStack() };
  // The constructor of a resource that takes tags sets the property, be it to undefined.
  pulumi.runtime.registerStackTransformation(({ props, opts }) =>
    "tags" in props ? { props: { ...props, tags: { ...tags, ...props.tags } }, opts } : undefined,
  );
}
