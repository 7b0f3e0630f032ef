import { strict as assert } from "node:assert";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { writeDocument } from "../iam/document";
import { listUnknown } from "../iam/managed";
import { fits, readPolicy } from "../iam/policy";
import { createIam } from "../iam/provider";
import type { Resource } from "../pulumi/resource";
import { useShop } from "./support/shop";

describe("IAM in the local run", () => {
  const shop = useShop();
  const call = async (name: string) => (await fetch(`${shop.url}orders/${name}`)).json();

  it("allows actions of inline and attached policies", async () => {
    assert.deepEqual(await call("put"), { message: "done" });
    assert.deepEqual(await call("get"), { message: "done" });
  });

  it("allows queries of an index", async () => {
    await call("put");
    assert.deepEqual((await call("query")).Items, [{ id: { S: "1" }, customer: { S: "2" } }]);
  });

  it("rejects denied actions, even if another statement allows them, with DynamoDB's message", async () => {
    const { name, message } = await call("denied");
    assert.equal(name, "AccessDeniedException");
    assert.match(
      message,
      /^User: arn:aws:sts::000000000000:assumed-role\/orders-\w{7}\/orders-\w{7} is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:eu-west-1:000000000000:table\/customers-\w{7} with an explicit deny in an identity-based policy$/,
    );
  });

  it("allows everything to callers that aren't functions", async () => {
    const client = new DynamoDBClient({
      endpoint: shop.running.dynamodb,
      region: "eu-west-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
    });
    const TableName = String(shop.running.outputs.customersTable);
    assert.deepEqual((await client.send(new ScanCommand({ TableName }))).Items, []);
    client.destroy();
  });

  const trust = {
    Statement: [
      { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "lambda.amazonaws.com" } },
    ],
  };
  const table = "arn:aws:dynamodb:us-east-1:000000000000:table/a";

  /** A role with one inline policy, and what it makes of a call to UpdateItem on the table. */
  async function decide(policy: object | string, roleInputs: object = {}) {
    const { provider, assume, authorize } = createIam();
    const create = (type: string, inputs: object) =>
      provider[type]?.({ type, name: "r", physicalName: "r", inputs, arn: () => "" } as Resource);
    await create("aws:iam/role:Role", { assumeRolePolicy: trust, ...roleInputs });
    await create("aws:iam/rolePolicy:RolePolicy", { role: "r", policy });
    return authorize(
      assume("arn:aws:iam::000000000000:role/r", "arn:aws:lambda:us-east-1:000000000000:function:f") ?? "",
      "dynamodb:UpdateItem",
      table,
    );
  }
  const none = { Statement: [] };
  const allow = (Action: string, Resource: string) => ({ Statement: { Effect: "Allow", Action, Resource } });

  it("rejects other actions and tables", async () => {
    const refusal = `User: arn:aws:sts::000000000000:assumed-role/r/f is not authorized to perform: dynamodb:UpdateItem on resource: ${table} because no identity-based policy allows the dynamodb:UpdateItem action`;
    assert.equal(await decide(allow("dynamodb:GetItem", table)), refusal);
    assert.equal(await decide(allow("dynamodb:UpdateItem", `${table}b`)), refusal);
    assert.equal(await decide(none), refusal);
  });

  it("supports wildcards, actions in any case, and policies as JSON", async () => {
    assert.equal(await decide(allow("DynamoDB:update*", table)), undefined);
    assert.equal(await decide(allow("dynamodb:UpdateIte?", table)), undefined);
    assert.equal(await decide(JSON.stringify(allow("*", "arn:aws:dynamodb:*:*:table/*"))), undefined);
    assert.ok(!fits("a.c", "abc"));
  });

  it("evaluates conditions on the function and the role", async () => {
    const when = (Condition: object) => decide({ Statement: { ...allow("*", "*").Statement, Condition } });
    const role = "arn:aws:iam::000000000000:role/r";
    assert.equal(await when({ ArnEquals: { "aws:PrincipalArn": role } }), undefined);
    assert.equal(await when({ StringLike: { "lambda:SourceFunctionArn": ["x", "arn:*:f"] } }), undefined);
    assert.equal(await when({ Null: { "lambda:SourceFunctionArn": "false" } }), undefined);
    for (const condition of [
      { ArnLike: { "aws:PrincipalArn": `${role}2` } },
      { StringEquals: { "aws:PrincipalArn": "arn:*" } },
      { Null: { "lambda:SourceFunctionArn": "true" } },
      { ArnEquals: { "aws:PrincipalArn": role }, StringEquals: { "lambda:SourceFunctionArn": "g" } },
    ]) {
      assert.match((await when(condition)) ?? "", /is not authorized/);
    }
  });

  it("lists what it can't evaluate, which neither keeps a statement from allowing nor denies", async () => {
    const Condition = { IpAddress: { "aws:SourceIp": "a" }, StringLike: { "dynamodb:LeadingKeys": "a" } };
    const ignored = [
      " with the condition IpAddress of aws:SourceIp",
      " with the condition StringLike of dynamodb:LeadingKeys",
    ];
    const unsure = { ...allow("*", "*").Statement, Condition };
    assert.deepEqual(readPolicy(JSON.stringify({ Statement: unsure })).ignored, ignored);
    assert.equal(await decide({ Statement: unsure }), undefined);
    const deny = { ...unsure, Effect: "Deny" };
    assert.equal(await decide({ Statement: [deny, allow("*", "*").Statement] }), undefined);
    const NotAction = "iam:*";
    assert.equal(await decide({ Statement: { Effect: "Allow", NotAction, Resource: "*" } }), undefined);
    const Principal = "*";
    await assert.rejects(decide({ Statement: { ...unsure, Principal } }), /can't have a Principal/);
  });

  it("honors inline and managed policies of a role", async () => {
    const policy = JSON.stringify(allow("*", table));
    const aws = (name: string) => ({ managedPolicyArns: [`arn:aws:iam::aws:policy/${name}`] });
    assert.equal(await decide(none, { inlinePolicies: [{ name: "a", policy }] }), undefined);
    assert.equal(await decide(none, aws("AmazonDynamoDBFullAccess")), undefined);
    assert.match(`${await decide(none, aws("AmazonDynamoDBReadOnlyAccess"))}`, /not authorized/);
    assert.match(`${await decide(none, aws("service-role/AWSLambdaBasicExecutionRole"))}`, /not authorized/);
    assert.equal(await decide(none, aws("PowerUserAccess")), undefined);
    assert.deepEqual(listUnknown(["arn:aws:iam::aws:policy/PowerUserAccess", "arn:aws:iam::0:policy/own"]), [
      " of arn:aws:iam::aws:policy/PowerUserAccess, which allows everything here",
    ]);
  });

  it("allows everything to a function whose role comes from elsewhere", () => {
    const { assume, authorize } = createIam();
    assert.equal(assume("arn:aws:iam::1:role/elsewhere", "arn:f"), undefined);
    assert.equal(authorize("local", "dynamodb:UpdateItem", table), undefined);
  });

  it("writes policy documents", async () => {
    const principals = [{ type: "Service", identifiers: ["lambda.amazonaws.com"] }];
    const assume = writeDocument({ statements: [{ actions: ["sts:AssumeRole"], principals }] });
    const conditions = [{ test: "ArnEquals", variable: "aws:PrincipalArn", values: ["x"] }];
    const statement = { actions: ["dynamodb:*"], resources: [table] };
    assert.equal(
      await decide(writeDocument({ statements: [statement] }), { assumeRolePolicy: assume }),
      undefined,
    );
    const denied = writeDocument({ statements: [{ ...statement, conditions }] });
    assert.match(`${await decide(denied)}`, /not authorized/);
    assert.equal(
      await decide(writeDocument({ sourcePolicyDocuments: [denied], statements: [statement] })),
      undefined,
    );
  });

  it("refuses functions whose role doesn't trust Lambda", async () => {
    const elsewhere = JSON.parse(JSON.stringify(trust).replace("lambda", "ec2"));
    await assert.rejects(
      decide(allow("*", "*"), { assumeRolePolicy: elsewhere }),
      /The role defined for the function cannot be assumed by Lambda\./,
    );
  });
});
