/** A resource as the program declares it. */
export interface Resource<Inputs = unknown> {
  type: string;
  name: string;
  inputs: Inputs;
  /** The name that Pulumi would make up; here the same in every run, so that kept data is found again. */
  physicalName: string;
  /** An ARN in the stack's region: `arn("lambda", "function:visit-1a2b3c4")`. */
  arn(service: string, resource: string): string;
}

/** What was made of a resource. Its outputs are its inputs, a `name` and an `arn`, and what is given here. */
export interface Created {
  id?: string;
  outputs?: Record<string, unknown>;
}

/** Makes resources real, as a Pulumi provider would: a function for each type that it knows. */
// biome-ignore lint/suspicious/noExplicitAny: each function declares the inputs of its own type
export type Provider = Record<string, (resource: Resource<any>) => Created | Promise<Created>>;

/** The account in which everything is. */
export const ACCOUNT_ID = "000000000000";
