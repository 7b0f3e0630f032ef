import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

export interface Statement {
  effect: "Allow" | "Deny";
  actions: string[];
  resources: string[];
}

type Document = pulumi.Unwrap<aws.iam.PolicyDocument>;

/** A document or its JSON. */
export type PolicyInput = string | Document;

export const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

/** Whether `text` matches a policy's pattern with `*` and `?`. */
export function fits(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${expression}$`, "s").test(text);
}

/** Whether a statement is about a call. */
export const appliesTo = ({ actions, resources }: Statement, action: string, resource: string): boolean =>
  actions.some((pattern) => fits(pattern.toLowerCase(), action.toLowerCase())) &&
  resources.some((pattern) => fits(pattern, resource));

const parse = (policy: PolicyInput): Document => (typeof policy === "string" ? JSON.parse(policy) : policy);

/**
 * Conditions, `NotAction` and `NotResource` aren't evaluated, but listed. A statement with them denies nothing.
 *
 * @throws Error for a statement that AWS would refuse
 */
export function readPolicy(policy: PolicyInput): { statements: Statement[]; ignored: string[] } {
  const ignored: string[] = [];
  const statements = list(parse(policy).Statement).flatMap((statement) => {
    const { Effect, Action, NotAction, Resource, NotResource, Condition } = statement;
    const isComplete = (Action ?? NotAction)?.length && (Resource ?? NotResource)?.length;
    if (!["Allow", "Deny"].includes(Effect) || !isComplete) {
      throw new Error('a statement needs an Effect ("Allow" or "Deny"), an Action and a Resource');
    }
    const unevaluated = Object.entries({ NotAction, NotResource, Condition });
    const unknown = unevaluated.flatMap(([name, value]) => (value ? [name] : []));
    ignored.push(...unknown.map((what) => ` with ${what}`));
    if (unknown.length > 0 && Effect === "Deny") return [];
    return { effect: Effect, actions: list(Action ?? "*"), resources: list(Resource ?? "*") };
  });
  return { statements, ignored };
}

/** Whether a role's trust policy lets Lambda assume it. */
export function trustsLambda(trust: PolicyInput): boolean {
  return list(parse(trust).Statement).some(({ Effect, Action = [], Principal }) => {
    const services = typeof Principal === "object" && "Service" in Principal ? Principal.Service : [];
    return (
      Effect === "Allow" &&
      list(Action).includes("sts:AssumeRole") &&
      list<string>(services ?? []).includes("lambda.amazonaws.com")
    );
  });
}
