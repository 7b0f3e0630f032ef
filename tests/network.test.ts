import { strict as assert } from "node:assert";
import { type Evaluation, evaluate, everyOption } from "./support/evaluate";

describe("the private network", () => {
  let program: Evaluation;

  before(async () => {
    program = await evaluate(everyOption);
  });

  it("contains the function, and has no way to the internet", () => {
    assert.deepEqual(program.inputs("Function visit").vpcConfig, {
      subnetIds: ["subnet-00000001", "subnet-00000002"],
      securityGroupIds: ["sg-00000001"],
    });
    const { subnetSpecs, natGateways } = program.inputs("Vpc sessions");
    assert.deepEqual([subnetSpecs, natGateways], [[{ type: "Isolated" }], { strategy: "None" }]);
  });

  it("lets only this function use only this table through the DynamoDB endpoint", () => {
    const { policy, tags, ...inputs } = program.inputs("VpcEndpoint dynamodb");
    assert.deepEqual(inputs, {
      vpcId: "vpc-00000001",
      vpcEndpointType: "Gateway",
      serviceName: "com.amazonaws.us-east-1.dynamodb",
      routeTableIds: ["table1", "table2"],
    });
    const { Statement: ofRole } = program.inputs("RolePolicy visit").policy as {
      Statement: [object];
    };
    const Condition = { ArnEquals: { "aws:PrincipalArn": "arn:aws:iam::000000000000:role/visit" } };
    assert.deepEqual(JSON.parse(String(policy)), {
      Version: "2012-10-17",
      Statement: [{ ...ofRole[0], Principal: "*", Condition }],
    });
  });

  it("lets the function only make HTTPS connections to DynamoDB, and nobody connect to it", () => {
    const { vpcId, ingress, egress } = program.inputs("SecurityGroup visit");
    const [{ description, ...rule }] = egress as [Record<string, unknown>];
    assert.deepEqual(
      { vpcId, ingress, rules: (egress as unknown[]).length },
      { vpcId: "vpc-00000001", ingress: [], rules: 1 },
    );
    assert.deepEqual(rule, { protocol: "tcp", fromPort: 443, toPort: 443, prefixListIds: ["pl-dynamodb"] });
  });

  it("lets Lambda, but not the function's code, manage network interfaces", () => {
    const { role, policy } = program.inputs("RolePolicy network");
    const { Statement } = policy as { Statement: { Action: string[] }[] };
    const [{ Action } = { Action: [] }] = Statement;
    // Each creates, finds or deletes what another needs.
    assert.deepEqual([role, Action.length], ["role1", 6]);
    const Condition = { Null: { "lambda:SourceFunctionArn": "false" } };
    assert.deepEqual(Statement, [
      { Effect: "Allow", Action, Resource: "*" },
      { Effect: "Deny", Action, Resource: "*", Condition },
    ]);
  });

  it("deletes that policy only after the security group, when no network interfaces are left", async () => {
    const group = program.registration("SecurityGroup visit");
    assert.ok((await group.dependencies()).includes("RolePolicy network"));
  });
});
