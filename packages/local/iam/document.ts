import type * as aws from "@pulumi/aws";
import type { Inputs } from "../pulumi/resource";
import { list } from "./policy";

export type DocumentInputs = Inputs<
  aws.iam.GetPolicyDocumentOutputArgs,
  "statements" | "sourcePolicyDocuments" | "overridePolicyDocuments"
>;

/** A policy document as JSON, from the inputs of `getPolicyDocument`. */
export function writeDocument(inputs: DocumentInputs): string {
  const { statements = [], sourcePolicyDocuments = [], overridePolicyDocuments = [] } = inputs;
  const own = statements.map(({ principals, conditions, ...statement }) => ({
    Effect: statement.effect ?? "Allow",
    Principal: principals && Object.fromEntries(principals.map((each) => [each.type, each.identifiers])),
    Action: statement.actions,
    NotAction: statement.notActions,
    Resource: statement.resources,
    NotResource: statement.notResources,
    Condition:
      conditions &&
      Object.fromEntries(conditions.map((each) => [each.test, { [each.variable]: each.values }])),
  }));
  const others = [...sourcePolicyDocuments, ...overridePolicyDocuments];
  const Statement = [...others.flatMap((json) => list(JSON.parse(json).Statement)), ...own];
  return JSON.stringify({ Version: "2012-10-17", Statement });
}
