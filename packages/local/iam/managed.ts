import type { Statement } from "./policy";

const AWS = "arn:aws:iam::aws:policy/";
const READ = "BatchGetItem Describe* GetItem GetResourcePolicy List* PartiQLSelect Query Scan".split(" ");

/** What AWS's own policies allow of DynamoDB, the only service whose calls are checked. */
const MANAGED: Record<string, string[]> = {
  [`${AWS}AmazonDynamoDBFullAccess`]: ["dynamodb:*"],
  [`${AWS}AmazonDynamoDBFullAccess_v2`]: ["dynamodb:*"],
  [`${AWS}AmazonDynamoDBReadOnlyAccess`]: READ.map((action) => `dynamodb:${action}`),
  [`${AWS}AWSXRayDaemonWriteAccess`]: [],
  [`${AWS}service-role/AWSLambdaBasicExecutionRole`]: [],
  [`${AWS}service-role/AWSLambdaVPCAccessExecutionRole`]: [],
};

/** What a policy of AWS allows. One that isn't known here allows everything. */
export function managedStatements(arn: string): Statement[] {
  if (!arn.startsWith(AWS)) return [];
  return [{ effect: "Allow", actions: MANAGED[arn] ?? ["*"], resources: ["*"] }];
}

/** The policies of AWS that aren't known, in words. */
export const listUnknown = (arns: string[]): string[] =>
  arns
    .filter((arn) => arn.startsWith(AWS) && !(arn in MANAGED))
    .map((arn) => ` of ${arn}, which allows everything here`);
