import * as pulumi from "@pulumi/pulumi";

/**
 * Tags every resource that supports tags with its project and stack. The provider's `defaultTags` would have to be
 * repeated in every stack's settings.
 */
export function tagEverything(): void {
  const tags = { project: pulumi.getProject(), stack: pulumi.getStack() };
  // The constructor of a resource that supports tags always sets this property, if only to undefined.
  pulumi.runtime.registerStackTransformation(({ props, opts }) =>
    "tags" in props ? { props: { ...props, tags: { ...tags, ...props.tags } }, opts } : undefined,
  );
}
