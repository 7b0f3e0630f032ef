import type * as pulumi from "@pulumi/pulumi";

/** A resource as the program declares it. */
export interface Resource<Inputs = Record<string, unknown>> {
  type: string;
  name: string;
  inputs: Inputs;
  /** The name that Pulumi would make up; here the same in every run, so that kept data is found again. */
  physicalName: string;
  /** An ARN in the stack's region: `arn("lambda", "function:visit-1a2b3c4")`. */
  arn(service: string, resource: string): string;
}

/** What was made of a resource. */
export interface Created {
  id?: string;
  /** Besides the resource's inputs, a `name` and an `arn`. */
  outputs?: Record<string, unknown>;
  /** Parts of an input that are not honoured, in words. */
  ignored?: string[];
}

/** Makes resources of one type real. */
export interface Emulation {
  (resource: Resource): Created | Promise<Created>;
  /** The inputs that it honours. Without this, the type is not emulated: there are only outputs. */
  honours?: readonly string[];
}

/** Makes resources real, as a Pulumi provider would: an emulation for each type that it knows. */
export type Provider = Record<string, Emulation>;

/** Some of a resource's inputs as a provider gets them: Pulumi's own types, without outputs. */
export type Inputs<Args, Key extends keyof Args> = pulumi.Unwrap<Pick<Args, Key>>;

/**
 * An emulation of the type of resource that takes `Args`. It is given those inputs only that it declares to honour.
 *
 * @returns a function that takes the names of these inputs, and what makes a resource real
 */
export const emulate =
  <Args>() =>
  <Key extends keyof Args & string>(
    honours: readonly Key[],
    create: (resource: Resource<Inputs<Args, Key>>) => Created | Promise<Created>,
  ): Emulation =>
    Object.assign((resource: Resource) => create(resource as Resource<Inputs<Args, Key>>), { honours });

/** The account in which everything is. */
export const ACCOUNT_ID = "000000000000";
