import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** A valid statement of a policy document. */
export interface Statement {
  effect: "Allow" | "Deny";
  actions: string[];
  resources: string[];
  /** Allowed values, by operator and key. */
  conditions: Record<string, Record<string, string | string[]>>;
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

const isLike = (value: string | undefined, allowed: string[]) =>
  value !== undefined && allowed.some((pattern) => fits(pattern, value));
const operators: Record<string, (value: string | undefined, allowed: string[]) => boolean> = {
  ArnEquals: isLike,
  ArnLike: isLike,
  StringEquals: (value, allowed) => value !== undefined && allowed.includes(value),
  StringLike: isLike,
  Null: (value, allowed) => allowed.includes(String(value === undefined)),
};

const isKnown = (operator: string, key: string) =>
  operator in operators && ["aws:PrincipalArn", "lambda:SourceFunctionArn"].includes(key);

/** Whether a statement applies to a call; `context` has the values of condition keys. */
export const appliesTo = (
  { actions, resources, conditions }: Statement,
  action: string,
  resource: string,
  context: Record<string, string>,
): boolean =>
  actions.some((pattern) => fits(pattern.toLowerCase(), action.toLowerCase())) &&
  resources.some((pattern) => fits(pattern, resource)) &&
  Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(
      ([key, allowed]) => !isKnown(operator, key) || operators[operator]?.(context[key], list(allowed)),
    ),
  );

const parse = (policy: PolicyInput): Document => (typeof policy === "string" ? JSON.parse(policy) : policy);

/**
 * Lists what can't be evaluated here, such as an unknown condition. A statement that contains it still allows, but
 * denies nothing.
 *
 * @throws Error for a statement that AWS would refuse
 */
export function readPolicy(policy: PolicyInput): { statements: Statement[]; ignored: string[] } {
  const { Version, Statement } = parse(policy);
  if (![undefined, "2012-10-17", "2008-10-17"].includes(Version)) {
    throw new Error(`"${Version}" is not a policy Version; use "2012-10-17"`);
  }
  const ignored: string[] = [];
  const statements = list(Statement).flatMap(({ Sid, Effect, Action, Resource, Condition, ...others }) => {
    const { NotAction, NotResource, ...refused } = others;
    const [first] = Object.keys(refused);
    if (first) throw new Error(`a role's policy can't have a ${first}`);
    const isComplete = (Action ?? NotAction)?.length && (Resource ?? NotResource)?.length;
    if (!["Allow", "Deny"].includes(Effect) || !isComplete) {
      throw new Error('a statement needs an Effect ("Allow" or "Deny"), an Action and a Resource');
    }
    const conditions = (Condition ?? {}) as Statement["conditions"];
    const unknown = [...Object.keys(others), ...Object.entries(conditions).flatMap(unknownConditions)];
    ignored.push(...unknown.map((what) => ` with ${what}`));
    if (unknown.length > 0 && Effect === "Deny") return [];
    return { effect: Effect, actions: list(Action ?? "*"), resources: list(Resource ?? "*"), conditions };
  });
  return { statements, ignored };
}

const unknownConditions = ([operator, keys]: [string, object]) =>
  Object.keys(keys).flatMap((key) => (isKnown(operator, key) ? [] : `the condition ${operator} of ${key}`));

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
