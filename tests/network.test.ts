import { strict as assert } from "node:assert";
import { type Evaluation, evaluate, tags } from "./support/evaluate";

describe("the private network", () => {
  let program: Evaluation;

  before(async () => {
    program = await evaluate({ privateNetwork: "true" });
  });

  it("has isolated subnets in two zones, without internet access", () => {
    assert.deepEqual(program.inputs("awsx:ec2:Vpc", "sessions"), {
      numberOfAvailabilityZones: 2,
      subnetStrategy: "Auto",
      subnetSpecs: [{ type: "Isolated" }],
      natGateways: { strategy: "None" },
      enableDnsHostnames: true,
      tags,
    });
  });

  it("allows only this function to update only this table through the DynamoDB endpoint", () => {
    const { policy, ...inputs } = program.inputs("aws:ec2/vpcEndpoint:VpcEndpoint", "dynamodb");
    assert.deepEqual(inputs, {
      vpcId: "vpc1",
      vpcEndpointType: "Gateway",
      serviceName: "com.amazonaws.us-east-1.dynamodb",
      routeTableIds: ["table1", "table2"],
      tags,
    });
    assert.deepEqual(JSON.parse(String(policy)), {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: "*",
          Action: ["dynamodb:UpdateItem"],
          Resource: "arn:table",
          Condition: { ArnEquals: { "aws:PrincipalArn": "arn:role" } },
        },
      ],
    });
  });

  it("allows the function only HTTPS to DynamoDB, and no inbound traffic", () => {
    assert.deepEqual(program.inputs("aws:ec2/securityGroup:SecurityGroup", "visit"), {
      vpcId: "vpc1",
      description: "HTTPS to DynamoDB, and nothing else",
      ingress: [],
      egress: [
        {
          description: "HTTPS to DynamoDB",
          protocol: "tcp",
          fromPort: 443,
          toPort: 443,
          prefixListIds: ["pl-dynamodb"],
        },
      ],
      tags,
    });
  });

  it("contains the function", () => {
    assert.deepEqual(program.inputs("aws:lambda/function:Function", "visit").vpcConfig, {
      subnetIds: ["subnet1", "subnet2"],
      securityGroupIds: ["group1"],
    });
  });

  it("allows Lambda, but not the function's code, to manage network interfaces", () => {
    const Action = [
      "ec2:AssignPrivateIpAddresses",
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "ec2:UnassignPrivateIpAddresses",
    ];
    const Condition = { Null: { "lambda:SourceFunctionArn": "false" } };
    assert.deepEqual(program.inputs("aws:iam/rolePolicy:RolePolicy", "network"), {
      role: "role1",
      policy: {
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action, Resource: "*" },
          { Effect: "Deny", Action, Resource: "*", Condition },
        ],
      },
    });
  });

  it("deletes that policy only after the security group, when no network interfaces are left", async () => {
    const dependencies = await program
      .registration("aws:ec2/securityGroup:SecurityGroup", "visit")
      .dependencies();
    assert.ok(dependencies.includes("aws:iam/rolePolicy:RolePolicy network"), `${dependencies}`);
  });

  it("costs nothing when it is off: no resources, and awsx is not loaded", async () => {
    for (const file of Object.keys(require.cache))
      if (file.includes("/@pulumi/awsx/")) delete require.cache[file];
    const { resources } = await evaluate({ privateNetwork: "false" });
    assert.deepEqual(
      resources.filter(({ type }) => type.startsWith("aws:ec2/") || type.startsWith("awsx:")),
      [],
    );
    assert.deepEqual(
      Object.keys(require.cache).filter((file) => file.includes("/@pulumi/awsx/")),
      [],
    );
  });
});
