import type { Statement } from "./policy";

/** What AWS's managed policies allow on DynamoDB, the only service whose calls are checked. */
const MANAGED: Record<string, string[]> = {
  AmazonDynamoDBFullAccess: ["dynamodb:*"],
  AmazonDynamoDBFullAccess_v2: ["dynamodb:*"],
  AmazonDynamoDBReadOnlyAccess: [
    ...[
      "BatchGetItem",
      "Describe*",
      "List*",
      "GetItem",
      "GetResourcePolicy",
      "Query",
      "Scan",
      "PartiQLSelect",
    ],
  ].map((action) => `dynamodb:${action}`),
  AWSXRayDaemonWriteAccess: [],
  "service-role/AWSLambdaBasicExecutionRole": [],
  "service-role/AWSLambdaVPCAccessExecutionRole": [],
};

const nameIn = (arn: string) => /^arn:aws:iam::aws:policy\/(.+)$/.exec(arn)?.[1];

/** What an AWS managed policy allows. One that isn't known here allows everything. */
export function managedStatements(arn: string): Statement[] {
  const name = nameIn(arn);
  if (!name) return [];
  return [{ effect: "Allow", actions: MANAGED[name] ?? ["*"], resources: ["*"], conditions: {} }];
}

/** The AWS managed policies that aren't known here, in words. */
export const listUnknown = (arns: string[]): string[] =>
  arns
    .filter((arn) => !((nameIn(arn) ?? "AWSXRayDaemonWriteAccess") in MANAGED))
    .map((arn) => ` of ${arn}, which allows everything here`);
