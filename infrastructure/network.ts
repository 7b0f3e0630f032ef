import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

// Lambda needs these actions to attach the function to the network. It uses the function's role, and requires "*".
const actions = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:UnassignPrivateIpAddresses",
];

// Requests from the function's code have this key; Lambda's own requests don't. The code needs none of these actions:
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
const isFromCode = { Null: { "lambda:SourceFunctionArn": "false" } };

const networkPolicy: aws.iam.PolicyDocument = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: actions, Resource: "*" },
    { Effect: "Deny", Action: actions, Resource: "*", Condition: isFromCode },
  ],
};

/**
 * A network without internet access: isolated subnets in two zones, and a gateway endpoint for DynamoDB that lets
 * `role` do only what `statement` allows. Lambda sends logs and traces from outside the network. (awsx also creates an
 * internet gateway, but no route leads to it.)
 */
export class PrivateNetwork extends pulumi.ComponentResource {
  /** Puts a function into the network. */
  readonly vpcConfig: { subnetIds: pulumi.Output<string[]>; securityGroupIds: pulumi.Output<string>[] };

  /** @param statement what the function may do with the table */
  constructor(name: string, role: aws.iam.Role, statement: aws.iam.PolicyStatement) {
    super("sessions:infrastructure:PrivateNetwork", name);
    const parent = { parent: this };
    // awsx is slow to load, so only load it for stacks with a network.
    const awsx: typeof import("@pulumi/awsx") = require("@pulumi/awsx");

    const vpc = new awsx.ec2.Vpc(
      "sessions",
      {
        numberOfAvailabilityZones: 2,
        subnetStrategy: "Auto",
        subnetSpecs: [{ type: "Isolated" }],
        natGateways: { strategy: "None" },
        // A gateway endpoint needs DNS: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-ddb.html
        enableDnsHostnames: true,
      },
      parent,
    );

    // A gateway endpoint's policy only supports the principal "*".
    const isRole = { Principal: "*", Condition: { ArnEquals: { "aws:PrincipalArn": role.arn } } };
    const endpoint = new aws.ec2.VpcEndpoint(
      "dynamodb",
      {
        vpcId: vpc.vpcId,
        vpcEndpointType: "Gateway",
        serviceName: pulumi.interpolate`com.amazonaws.${aws.getRegionOutput({}, parent).region}.dynamodb`,
        routeTableIds: vpc.routeTables.apply((tables) => tables.map(({ id }) => id)),
        policy: pulumi.jsonStringify({ Version: "2012-10-17", Statement: [{ ...statement, ...isRole }] }),
      },
      parent,
    );

    const policy = new aws.iam.RolePolicy("network", { role: role.id, policy: networkPolicy }, parent);

    const https = { protocol: "tcp", fromPort: 443, toPort: 443 };
    const securityGroup = new aws.ec2.SecurityGroup(
      "visit",
      {
        vpcId: vpc.vpcId,
        description: "HTTPS to DynamoDB, and nothing else",
        ingress: [],
        egress: [{ ...https, description: "HTTPS to DynamoDB", prefixListIds: [endpoint.prefixListId] }],
      },
      // Lambda needs this policy to delete its network interfaces; until they are gone, the group can't be deleted.
      { ...parent, dependsOn: policy },
    );

    this.vpcConfig = { subnetIds: vpc.isolatedSubnetIds, securityGroupIds: [securityGroup.id] };
    this.registerOutputs(this.vpcConfig);
  }
}
