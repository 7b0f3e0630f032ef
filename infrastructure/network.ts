import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

// Lambda does this with the function's role to attach the function to the network. These actions need any resource.
const networkActions = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:UnassignPrivateIpAddresses",
];

const networkPolicy: aws.iam.PolicyDocument = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: networkActions, Resource: "*" },
    // Requests from the function's code carry this key, Lambda's own don't. The code needs none of these actions:
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    {
      Effect: "Deny",
      Action: networkActions,
      Resource: "*",
      Condition: { Null: { "lambda:SourceFunctionArn": "false" } },
    },
  ],
};

/**
 * A network without internet access: isolated subnets in two zones, and a gateway endpoint for DynamoDB that lets
 * `role` do what `statement` allows and nothing else. Lambda sends logs and traces itself. (awsx also creates an internet
 * gateway, but no route leads to it.)
 */
export class PrivateNetwork extends pulumi.ComponentResource {
  /** Puts a function into the network. */
  readonly vpcConfig: { subnetIds: pulumi.Output<string[]>; securityGroupIds: pulumi.Output<string>[] };

  /** @param statement what the function may do with the table */
  constructor(
    name: string,
    { role, statement }: { role: aws.iam.Role; statement: aws.iam.PolicyStatement },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("sessions:infrastructure:PrivateNetwork", name, {}, opts);
    const parent = { parent: this };
    // It takes a moment to load, so only stacks that want a network do.
    const awsx: typeof import("@pulumi/awsx") = require("@pulumi/awsx");

    const vpc = new awsx.ec2.Vpc(
      "sessions",
      {
        numberOfAvailabilityZones: 2,
        subnetStrategy: "Auto",
        subnetSpecs: [{ type: "Isolated" }],
        natGateways: { strategy: "None" },
        // A gateway endpoint is found by DNS: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-ddb.html
        enableDnsHostnames: true,
      },
      parent,
    );

    const endpoint = new aws.ec2.VpcEndpoint(
      "dynamodb",
      {
        vpcId: vpc.vpcId,
        vpcEndpointType: "Gateway",
        serviceName: pulumi.interpolate`com.amazonaws.${aws.getRegionOutput({}, parent).region}.dynamodb`,
        routeTableIds: vpc.routeTables.apply((tables) => tables.map(({ id }) => id)),
        policy: pulumi.jsonStringify({
          Version: "2012-10-17",
          Statement: [
            {
              ...statement,
              // A gateway endpoint's policy only supports this principal.
              Principal: "*",
              Condition: { ArnEquals: { "aws:PrincipalArn": role.arn } },
            },
          ],
        }),
      },
      parent,
    );

    const policy = new aws.iam.RolePolicy("network", { role: role.id, policy: networkPolicy }, parent);

    const securityGroup = new aws.ec2.SecurityGroup(
      "visit",
      {
        vpcId: vpc.vpcId,
        description: "HTTPS to DynamoDB, and nothing else",
        ingress: [],
        egress: [
          {
            description: "HTTPS to DynamoDB",
            protocol: "tcp",
            fromPort: 443,
            toPort: 443,
            prefixListIds: [endpoint.prefixListId],
          },
        ],
      },
      // Lambda needs this policy to delete its network interfaces; until they are gone, the group can't be deleted.
      { ...parent, dependsOn: policy },
    );

    this.vpcConfig = { subnetIds: vpc.isolatedSubnetIds, securityGroupIds: [securityGroup.id] };
    this.registerOutputs(this.vpcConfig);
  }
}
