import type * as pulumi from "@pulumi/pulumi";

/** A resource as the program declares it. */
export interface Resource<Inputs = Record<string, unknown>> {
  type: string;
  name: string;
  inputs: Inputs;
  /** Like a name that Pulumi makes up, but the same in every run, so that kept tables are found again. */
  physicalName: string;
  /** An ARN in the stack's region: `arn("lambda", "function:visit-1a2b3c4")`. */
  arn(service: string, resource: string): string;
}

export interface Created {
  id?: string;
  /** In addition to the inputs, a `name` and an `arn`. */
  outputs?: Record<string, unknown>;
  /**
   * What is not emulated of this resource. Each text is appended to the type's short name in the list that a start
   * prints: ` of type HTTP_PROXY` becomes "Integration of type HTTP_PROXY", and `.tags` becomes "Stage.tags".
   */
  ignored?: string[];
}

/** Creates resources of one type, or answers a data source. */
export interface Emulation {
  (resource: Resource): Created | Promise<Created>;
  /** The inputs that it honors. Without this, the type counts as not emulated and only has outputs. */
  honors?: readonly string[];
}

/** Emulations by resource type, and by the tokens of data sources. */
export type Provider = Record<string, Emulation>;

/** Some of a resource's inputs, in Pulumi's types but with plain values for outputs. */
export type Inputs<Args, Key extends keyof Args> = pulumi.Unwrap<Pick<Args, Key>>;

/** Declares an emulation: which of the inputs `Args` it honors, and what creates a resource from these. */
export const emulate =
  <Args>() =>
  <Key extends keyof Args & string>(
    honors: readonly Key[],
    create: (resource: Resource<Inputs<Args, Key>>) => Created | Promise<Created>,
  ): Emulation =>
    Object.assign((resource: Resource) => create(resource as Resource<Inputs<Args, Key>>), { honors });

/** The account that everything belongs to. */
export const ACCOUNT_ID = "000000000000";
