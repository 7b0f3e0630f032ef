import { createHash } from "node:crypto";
import type * as aws from "@pulumi/aws";
import { ACCOUNT_ID, emulate, type Provider } from "../pulumi/resource";
import { isAbout, type PolicyInput, type Statement, statementsOf, trustsLambda } from "./policy";

interface Role {
  name: string;
  trust: PolicyInput;
  inline: Statement[];
  /** ARNs of policies, whose statements are looked up when they count: they may be declared later. */
  attached: string[];
}

/**
 * Tells why a call is not allowed, in AWS's words.
 *
 * @param accessKeyId the caller's. One that {@link Iam.assume} did not give out may do everything: it belongs to
 *   somebody who looks into the tables from outside.
 * @param action as in `dynamodb:GetItem`
 * @param resource an ARN
 * @returns `undefined` if the call is allowed
 */
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
  authorize: Authorize;
}

/** Makes roles and policies real: what a function may do is what its role's policies say. */
export function createIam(): Iam {
  const roles = new Map<string, Role>();
  const policies = new Map<string, Statement[]>();
  const callers = new Map<string, { role: Role; functionArn: string }>();
  const iamArn = (resource: string) => `arn:aws:iam::${ACCOUNT_ID}:${resource}`;

  function find(nameOrArn: string): Role {
    const role = roles.get(nameOrArn.replace(/^.*role\//, ""));
    if (!role) throw new Error(`there is no role ${nameOrArn}`);
    return role;
  }

  const provider: Provider = {
    "aws:iam/role:Role": emulate<aws.iam.RoleArgs>()(["assumeRolePolicy"], ({ physicalName, inputs }) => {
      const trust = inputs.assumeRolePolicy;
      roles.set(physicalName, { name: physicalName, trust, inline: [], attached: [] });
      return { outputs: { arn: iamArn(`role/${physicalName}`) } };
    }),
    "aws:iam/rolePolicy:RolePolicy": emulate<aws.iam.RolePolicyArgs>()(["role", "policy"], ({ inputs }) => {
      find(inputs.role as string).inline.push(...statementsOf(inputs.policy));
      return {};
    }),
    "aws:iam/policy:Policy": emulate<aws.iam.PolicyArgs>()(["policy"], ({ physicalName, inputs }) => {
      const arn = iamArn(`policy/${physicalName}`);
      policies.set(arn, statementsOf(inputs.policy));
      return { id: arn, outputs: { arn } };
    }),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": emulate<aws.iam.RolePolicyAttachmentArgs>()(
      ["role", "policyArn"],
      ({ inputs: { role, policyArn } }) => {
        find(role as string).attached.push(policyArn);
        // The statements of AWS's own policies are not known here: they allow nothing.
        return policyArn.startsWith("arn:aws:iam::aws:") ? { ignored: [` of ${policyArn}`] } : {};
      },
    ),
  };

  return {
    provider,
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
      const statements = [...role.inline, ...role.attached.flatMap((arn) => policies.get(arn) ?? [])];
      const effects = statements
        .filter((statement) => isAbout(statement, action, resource, context))
        .map(({ effect }) => effect);
      const isDenied = effects.includes("Deny");
      if (effects.length > 0 && !isDenied) return undefined;
      const user = `arn:aws:sts::${ACCOUNT_ID}:assumed-role/${role.name}/${functionArn.split(":").pop()}`;
      const reason = isDenied
        ? "with an explicit deny in an identity-based policy"
        : `because no identity-based policy allows the ${action} action`;
      return `User: ${user} is not authorized to perform: ${action} on resource: ${resource} ${reason}`;
    },
  };
}
