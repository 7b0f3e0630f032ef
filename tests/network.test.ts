import { strict as assert } from "node:assert";
import { type Evaluation, evaluate, tags } from "./support/evaluate";

describe("the private network", () => {
  let program: Evaluation;

  before(async () => {
    program = await evaluate({ privateNetwork: "true" });
  });

  it("is two zones of isolated subnets without a way to the internet", () => {
    assert.deepEqual(program.inputs("awsx:ec2:Vpc", "sessions"), {
      numberOfAvailabilityZones: 2,
      subnetStrategy: "Auto",
      subnetSpecs: [{ type: "Isolated" }],
      natGateways: { strategy: "None" },
      enableDnsHostnames: true,
      tags,
    });
  });

  it("lets nothing through to DynamoDB but this function's updates of this table", () => {
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

  it("lets the function reach DynamoDB over HTTPS alone, and be reached by no one", () => {
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

  it("has the function in it", () => {
    assert.deepEqual(program.inputs("aws:lambda/function:Function", "visit").vpcConfig, {
      subnetIds: ["subnet1", "subnet2"],
      securityGroupIds: ["group1"],
    });
  });

  it("lets Lambda manage network interfaces with the role, and the function's code not", () => {
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

  it("keeps that policy for as long as Lambda may have interfaces", async () => {
    const needed = await program.declared("aws:ec2/securityGroup:SecurityGroup", "visit").dependencies();
    assert.ok(needed.includes("aws:iam/rolePolicy:RolePolicy network"), `${needed}`);
  });

  it("is not even thought of unless the stack wants it", async () => {
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
