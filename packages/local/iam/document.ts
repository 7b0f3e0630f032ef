import type * as aws from "@pulumi/aws";
import type { Inputs } from "../pulumi/resource";
import { list } from "./policy";

export type DocumentInputs = Inputs<
  aws.iam.GetPolicyDocumentOutputArgs,
  "statements" | "sourcePolicyDocuments" | "overridePolicyDocuments" | "version"
>;

/** A policy document as JSON, from the inputs of `getPolicyDocument`. */
export function writeDocument(inputs: DocumentInputs): string {
  const { statements = [], sourcePolicyDocuments = [], overridePolicyDocuments = [] } = inputs;
  const own = statements.map(({ principals, conditions = [], ...statement }) => {
    const Condition: Record<string, Record<string, string[]>> = {};
    for (const { test, variable, values } of conditions) {
      Condition[test] = { ...Condition[test], [variable]: values };
    }
    return {
      Sid: statement.sid,
      Effect: statement.effect ?? "Allow",
      Principal: principals && Object.fromEntries(principals.map((each) => [each.type, each.identifiers])),
      Action: statement.actions,
      NotAction: statement.notActions,
      Resource: statement.resources,
      NotResource: statement.notResources,
      Condition,
    };
  });
  const others = [...sourcePolicyDocuments, ...overridePolicyDocuments];
  const Statement = [...others.flatMap((json) => list(JSON.parse(json).Statement)), ...own];
  return JSON.stringify({ Version: inputs.version ?? "2012-10-17", Statement });
}
