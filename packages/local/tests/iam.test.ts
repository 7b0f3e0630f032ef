import { strict as assert } from "node:assert";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { fits } from "../iam/policy";
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
  async function decide(policy: object | string, assumeRolePolicy: object = trust) {
    const { provider, assume, authorize } = createIam();
    const create = (type: string, inputs: object) =>
      provider[type]?.({ type, name: "r", physicalName: "r", inputs, arn: () => "" } as Resource);
    await create("aws:iam/role:Role", { assumeRolePolicy });
    await create("aws:iam/rolePolicy:RolePolicy", { role: "r", policy });
    return authorize(
      assume("arn:aws:iam::000000000000:role/r", "arn:aws:lambda:us-east-1:000000000000:function:f"),
      "dynamodb:UpdateItem",
      table,
    );
  }
  const allow = (Action: string, Resource: string) => ({ Statement: { Effect: "Allow", Action, Resource } });

  it("rejects other actions and tables", async () => {
    const refusal = `User: arn:aws:sts::000000000000:assumed-role/r/f is not authorized to perform: dynamodb:UpdateItem on resource: ${table} because no identity-based policy allows the dynamodb:UpdateItem action`;
    assert.equal(await decide(allow("dynamodb:GetItem", table)), refusal);
    assert.equal(await decide(allow("dynamodb:UpdateItem", `${table}b`)), refusal);
    assert.equal(await decide({ Statement: [] }), refusal);
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

  it("refuses conditions that it can't evaluate", async () => {
    const when = (Condition: object) => decide({ Statement: { ...allow("*", "*").Statement, Condition } });
    await assert.rejects(
      when({ IpAddress: { "aws:PrincipalArn": "a" } }),
      /condition IpAddress .* not emulated/,
    );
    await assert.rejects(when({ StringLike: { "aws:SourceIp": "a" } }), /of aws:SourceIp is not emulated/);
    const NotPrincipal = "*";
    await assert.rejects(
      decide({ Statement: { ...allow("*", "*").Statement, NotPrincipal } }),
      /NotPrincipal in a policy is not emulated/,
    );
  });

  it("refuses functions whose role doesn't trust Lambda", async () => {
    const elsewhere = JSON.parse(JSON.stringify(trust).replace("lambda", "ec2"));
    await assert.rejects(
      decide(allow("*", "*"), elsewhere),
      /The role defined for the function cannot be assumed by Lambda\./,
    );
  });
});
