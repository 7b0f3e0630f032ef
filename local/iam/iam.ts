import { createHash } from "node:crypto";
import { ACCOUNT_ID, type Created, type Provider, type Resource } from "../pulumi/resource";

interface Statement {
  Sid?: string;
  Effect: "Allow" | "Deny";
  Action: string | string[];
  Resource: string | string[];
  /** Values, by operator and key. */
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** A policy document, or its JSON. */
type PolicyInput = string | { Version?: string; Statement: Statement | Statement[] };

interface Role {
  name: string;
  trust: string;
  inline: Statement[];
  /** ARNs of policies, whose statements are looked up when they count: they may be declared later. */
  attached: string[];
}

/** A caller's call, refused or not: `action` as in `dynamodb:GetItem`, `resource` an ARN. */
export type Authorize = (accessKeyId: string, action: string, resource: string) => string | undefined;

export interface Iam {
  provider: Provider;
  /**
   * Gives a function credentials of its role.
   *
   * @returns the access key id
   * @throws Error when the role does not trust Lambda
   */
  assume(roleArn: string, functionArn: string): string;
  /**
   * Tells why a call is not allowed, in AWS's words. Access keys that {@link Iam.assume} did not give out are
   * allowed everything: they belong to whoever looks into the tables from outside.
   */
  authorize: Authorize;
}

/** Makes roles and policies real: what a function may do is what its role's policies say. */
export function createIam(): Iam {
  const roles = new Map<string, Role>();
  const policies = new Map<string, Statement[]>();
  const callers = new Map<string, { role: Role; functionArn: string }>();
  const iamArn = (resource: string) => `arn:aws:iam::${ACCOUNT_ID}:${resource}`;

  function createRole({ physicalName, inputs }: Resource<{ assumeRolePolicy: string | object }>): Created {
    const trust = inputs.assumeRolePolicy;
    roles.set(physicalName, {
      name: physicalName,
      trust: typeof trust === "string" ? trust : JSON.stringify(trust),
      inline: [],
      attached: [],
    });
    return { outputs: { arn: iamArn(`role/${physicalName}`) } };
  }

  function find(nameOrArn: string): Role {
    const role = roles.get(nameOrArn.replace(/^.*role\//, ""));
    if (!role) throw new Error(`there is no role ${nameOrArn}`);
    return role;
  }

  return {
    provider: {
      "aws:iam/role:Role": createRole,
      "aws:iam/rolePolicy:RolePolicy": ({ inputs }: Resource<{ role: string; policy: PolicyInput }>) => {
        find(inputs.role).inline.push(...statementsOf(inputs.policy));
        return {};
      },
      "aws:iam/policy:Policy": ({ physicalName, inputs }: Resource<{ policy: PolicyInput }>) => {
        const arn = iamArn(`policy/${physicalName}`);
        policies.set(arn, statementsOf(inputs.policy));
        return { id: arn, outputs: { arn } };
      },
      "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ({
        inputs,
      }: Resource<{ role: string; policyArn: string }>) => {
        find(inputs.role).attached.push(inputs.policyArn);
        return {};
      },
    },
    assume(roleArn, functionArn) {
      const role = find(roleArn);
      if (!trustsLambda(role.trust)) {
        throw new Error("The role defined for the function cannot be assumed by Lambda.");
      }
      const hash = createHash("sha256").update(functionArn).digest("hex").toUpperCase();
      const accessKeyId = `ASIA${hash.slice(0, 16)}`;
      callers.set(accessKeyId, { role, functionArn });
      return accessKeyId;
    },
    authorize(accessKeyId, action, resource) {
      const caller = callers.get(accessKeyId);
      if (!caller) return undefined;
      const { role, functionArn } = caller;
      const context = {
        "lambda:SourceFunctionArn": functionArn,
        "aws:PrincipalArn": iamArn(`role/${role.name}`),
      };
      const fitting = [...role.inline, ...role.attached.flatMap((arn) => policies.get(arn) ?? [])].filter(
        ({ Action, Resource, Condition }) =>
          holds(Condition, context) &&
          list(Action).some((pattern) => fits(pattern.toLowerCase(), action.toLowerCase())) &&
          list(Resource).some((pattern) => fits(pattern, resource)),
      );
      const isDenied = fitting.some(({ Effect }) => Effect === "Deny");
      if (fitting.length > 0 && !isDenied) return undefined;
      const user = `arn:aws:sts::${ACCOUNT_ID}:assumed-role/${role.name}/${functionArn.split(":").pop()}`;
      const reason = isDenied
        ? "with an explicit deny in an identity-based policy"
        : `because no identity-based policy allows the ${action} action`;
      return `User: ${user} is not authorized to perform: ${action} on resource: ${resource} ${reason}`;
    },
  };
}

/** Whether `text` fits a pattern as policies write them, in which `*` and `?` stand for anything. */
export function fits(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${expression}$`, "s").test(text);
}

const CONDITION_KEYS = ["aws:PrincipalArn", "lambda:SourceFunctionArn"];

const isLike = (value: string | undefined, allowed: string[]) =>
  value !== undefined && allowed.some((pattern) => fits(pattern, value));
const operators: Record<string, (value: string | undefined, allowed: string[]) => boolean> = {
  ArnEquals: isLike,
  ArnLike: isLike,
  StringEquals: (value, allowed) => value !== undefined && allowed.includes(value),
  StringLike: isLike,
  Null: (value, allowed) => allowed.includes(String(value === undefined)),
};

/** Whether all conditions of a statement hold for a request with these values of keys. */
const holds = (conditions: Statement["Condition"] = {}, context: Record<string, string>): boolean =>
  Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, allowed]) => operators[operator]?.(context[key], list(allowed))),
  );

const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

/** @throws Error for a statement that is none, or that says more than the local run can check */
function statementsOf(policy: PolicyInput): Statement[] {
  const document = typeof policy === "string" ? JSON.parse(policy) : policy;
  if (!["2012-10-17", "2008-10-17", undefined].includes(document.Version)) {
    throw new Error(`"${document.Version}" is no Version of a policy; take "2012-10-17"`);
  }
  const statements = list<Statement>(document.Statement);
  for (const { Sid, Effect, Action, Resource, Condition, ...others } of statements) {
    for (const [operator, keys] of Object.entries(Condition ?? {})) {
      const unknown = Object.keys(keys).find((key) => !operators[operator] || !CONDITION_KEYS.includes(key));
      if (unknown) throw new Error(`the condition ${operator} of ${unknown} is not emulated`);
    }
    const [other] = Object.keys(others);
    if (other) throw new Error(`${other} in a policy is not emulated`);
    if (!["Allow", "Deny"].includes(Effect) || !Action?.length || !Resource?.length) {
      throw new Error('a statement needs an Effect ("Allow" or "Deny"), an Action and a Resource');
    }
  }
  return statements;
}

function trustsLambda(trust: string): boolean {
  return list(JSON.parse(trust).Statement).some(
    ({ Effect, Action, Principal }) =>
      Effect === "Allow" &&
      list<string>(Action).includes("sts:AssumeRole") &&
      list<string>(Principal?.Service).includes("lambda.amazonaws.com"),
  );
}
