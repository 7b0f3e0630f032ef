import { createHash } from "node:crypto";
import type * as aws from "@pulumi/aws";
import { ACCOUNT_ID, emulate, type Provider } from "../pulumi/resource";
import { type DocumentInputs, writeDocument } from "./document";
import { listUnknown, managedStatements } from "./managed";
import { appliesTo, type PolicyInput, readPolicy, type Statement, trustsLambda } from "./policy";

interface Role {
  name: string;
  trust: PolicyInput;
  inline: Statement[];
  /** ARNs of policies, which may be declared after they are attached. */
  attached: string[];
}

/**
 * Decides whether a call is allowed.
 *
 * @param accessKeyId the caller's; a caller without a role, such as a person who looks into the tables, may do anything
 * @param action as in `dynamodb:GetItem`
 * @returns AWS's message if the call is denied, `undefined` if it is allowed
 */
export type Authorize = (accessKeyId: string, action: string, resource: string) => string | undefined;

const nameIn = (nameOrArn: string) => nameOrArn.replace(/^.*role\//, "");

/** Emulates roles and policies: a function may do what its role's policies allow. */
export function createIam() {
  const roles = new Map<string, Role>();
  const policies = new Map<string, Statement[]>();
  const callers = new Map<string, { role: Role; functionArn: string }>();
  const iamArn = (resource: string) => `arn:aws:iam::${ACCOUNT_ID}:${resource}`;

  function find(nameOrArn: string): Role {
    const role = roles.get(nameIn(nameOrArn));
    if (!role) throw new Error(`there is no role ${nameOrArn}`);
    return role;
  }

  const provider: Provider = {
    "aws:iam/role:Role": emulate<aws.iam.RoleArgs>()(
      ["assumeRolePolicy", "inlinePolicies", "managedPolicyArns"],
      ({ physicalName, inputs }) => {
        const { assumeRolePolicy: trust, inlinePolicies = [], managedPolicyArns: attached = [] } = inputs;
        const policies = inlinePolicies.flatMap(({ policy }) => (policy ? readPolicy(policy) : []));
        const inline = policies.flatMap(({ statements }) => statements);
        roles.set(physicalName, { name: physicalName, trust, inline, attached: [...attached] });
        const ignored = [...policies.flatMap((policy) => policy.ignored), ...listUnknown(attached)];
        return { outputs: { arn: iamArn(`role/${physicalName}`) }, ignored };
      },
    ),
    "aws:iam/rolePolicy:RolePolicy": emulate<aws.iam.RolePolicyArgs>()(["role", "policy"], ({ inputs }) => {
      const { statements, ignored } = readPolicy(inputs.policy);
      find(inputs.role as string).inline.push(...statements);
      return { ignored };
    }),
    "aws:iam/policy:Policy": emulate<aws.iam.PolicyArgs>()(["policy"], ({ physicalName, inputs }) => {
      const arn = iamArn(`policy/${physicalName}`);
      const { statements, ignored } = readPolicy(inputs.policy);
      policies.set(arn, statements);
      return { id: arn, outputs: { arn }, ignored };
    }),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": emulate<aws.iam.RolePolicyAttachmentArgs>()(
      ["role", "policyArn"],
      ({ inputs: { role, policyArn } }) => {
        find(role as string).attached.push(policyArn);
        return { ignored: listUnknown([policyArn]) };
      },
    ),
    "aws:iam/getPolicyDocument:getPolicyDocument": ({ inputs }) => {
      const json = writeDocument(inputs as DocumentInputs);
      return { outputs: { json, minifiedJson: json } };
    },
  };

  /**
   * Gives a function credentials of its role: an access key id; `undefined` if the program doesn't declare the role.
   *
   * @throws Error when the role doesn't trust Lambda
   */
  function assume(roleArn: string, functionArn: string): string | undefined {
    const role = roles.get(nameIn(roleArn));
    if (!role) return undefined;
    if (!trustsLambda(role.trust)) {
      throw new Error("The role defined for the function cannot be assumed by Lambda.");
    }
    const hash = createHash("sha256").update(functionArn).digest("hex").toUpperCase();
    const accessKeyId = `ASIA${hash.slice(0, 16)}`;
    callers.set(accessKeyId, { role, functionArn });
    return accessKeyId;
  }

  const authorize: Authorize = (accessKeyId, action, resource) => {
    const caller = callers.get(accessKeyId);
    if (!caller) return undefined;
    const { name, inline, attached } = caller.role;
    const statements = [...inline, ...attached.flatMap((arn) => policies.get(arn) ?? managedStatements(arn))];
    const applying = statements.filter((statement) => appliesTo(statement, action, resource));
    const isDenied = applying.some(({ effect }) => effect === "Deny");
    if (applying.length > 0 && !isDenied) return undefined;
    const user = `arn:aws:sts::${ACCOUNT_ID}:assumed-role/${name}/${caller.functionArn.split(":").pop()}`;
    const reason = isDenied
      ? "with an explicit deny in an identity-based policy"
      : `because no identity-based policy allows the ${action} action`;
    return `User: ${user} is not authorized to perform: ${action} on resource: ${resource} ${reason}`;
  };

  return { provider, assume, authorize };
}
