import type * as aws from "@pulumi/aws";
import { fits } from "../iam/policy";
import { emulate } from "../pulumi/resource";

interface Permission {
  functionName: string;
  action: string;
  principal: string;
  sourceArn: string;
}

const nameIn = (nameOrArn: string) => nameOrArn.split(":").pop() ?? "";

/**
 * The resource-based policies of functions.
 *
 * @param functionArns lists the functions that have been created
 */
export function createPermissions(functionArns: () => string[]) {
  const permissions: Permission[] = [];
  return {
    create: emulate<aws.lambda.PermissionArgs>()(
      ["action", "function", "principal", "sourceArn", "statementId"],
      ({ inputs: { action, function: nameOrArn, principal, sourceArn = "*" } }) => {
        const functionName = nameIn(nameOrArn as string);
        if (!functionArns().map(nameIn).includes(functionName)) {
          throw new Error(`there is no function ${nameOrArn}`);
        }
        permissions.push({ functionName, action, principal, sourceArn });
        return {};
      },
    ),
    /** Whether API Gateway may invoke a function for `sourceArn`. */
    allow: (functionArn: string, sourceArn: string): boolean =>
      permissions.some(
        (permission) =>
          permission.functionName === nameIn(functionArn) &&
          fits(permission.action, "lambda:InvokeFunction") &&
          permission.principal === "apigateway.amazonaws.com" &&
          fits(permission.sourceArn, sourceArn),
      ),
  };
}
