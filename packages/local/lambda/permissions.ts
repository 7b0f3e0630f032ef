import type * as aws from "@pulumi/aws";
import { fits } from "../iam/policy";
import { emulate } from "../pulumi/resource";

const nameIn = (nameOrArn: string) => nameOrArn.split(":").pop() ?? "";

/** The resource-based policies of functions. */
export function createPermissions() {
  const permissions: ((functionArn: string, sourceArn: string) => boolean)[] = [];
  return {
    create: emulate<aws.lambda.PermissionArgs>()(
      ["action", "function", "principal", "sourceArn", "statementId"],
      ({ inputs: { action, function: nameOrArn, principal, sourceArn: sources = "*" } }) => {
        const functionName = nameIn(nameOrArn as string);
        const isForInvoking =
          fits(action, "lambda:InvokeFunction") && principal === "apigateway.amazonaws.com";
        permissions.push((functionArn, sourceArn) => {
          return isForInvoking && functionName === nameIn(functionArn) && fits(sources, sourceArn);
        });
        return {};
      },
    ),
    /** Whether API Gateway may invoke a function for `sourceArn`. */
    allow: (functionArn: string, sourceArn: string): boolean =>
      permissions.some((allows) => allows(functionArn, sourceArn)),
  };
}
