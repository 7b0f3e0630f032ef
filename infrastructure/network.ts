import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

// What Lambda does with the role to bring the function into the network. It checks for them on any resource.
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
    // Requests of the function's code carry this key, Lambda's own do not. The code is to do none of this:
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
 * A network without a way out: isolated subnets in two zones, and a gateway endpoint for DynamoDB through which
 * nothing passes but what `statement` allows, for `role`. Logs and traces go another way: Lambda's own. (awsx also
 * makes an internet gateway; no route leads to it.)
 *
 * @returns where the function has to be put
 */
export function createPrivateNetwork(role: aws.iam.Role, statement: aws.iam.PolicyStatement) {
  // Loading it takes a moment, which only those pay who want a network.
  const awsx: typeof import("@pulumi/awsx") = require("@pulumi/awsx");

  const vpc = new awsx.ec2.Vpc("sessions", {
    numberOfAvailabilityZones: 2,
    subnetStrategy: "Auto",
    subnetSpecs: [{ type: "Isolated" }],
    natGateways: { strategy: "None" },
    // A gateway endpoint is found by DNS: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-ddb.html
    enableDnsHostnames: true,
  });

  const endpoint = new aws.ec2.VpcEndpoint("dynamodb", {
    vpcId: vpc.vpcId,
    vpcEndpointType: "Gateway",
    serviceName: pulumi.interpolate`com.amazonaws.${aws.getRegionOutput().region}.dynamodb`,
    routeTableIds: vpc.routeTables.apply((tables) => tables.map(({ id }) => id)),
    policy: pulumi.jsonStringify({
      Version: "2012-10-17",
      Statement: [
        {
          ...statement,
          // A gateway endpoint knows no narrower principal than everyone.
          Principal: "*",
          Condition: { ArnEquals: { "aws:PrincipalArn": role.arn } },
        },
      ],
    }),
  });

  const policy = new aws.iam.RolePolicy("network", { role: role.id, policy: networkPolicy });

  const securityGroup = new aws.ec2.SecurityGroup(
    "visit",
    {
      vpcId: vpc.vpcId,
      description: "HTTPS to DynamoDB, and nothing else",
      ingress: [],
      egress: [{ protocol: "tcp", fromPort: 443, toPort: 443, prefixListIds: [endpoint.prefixListId] }],
    },
    // The group can go when Lambda has taken its interfaces away, which it may do as long as there is the policy.
    { dependsOn: policy },
  );

  return { subnetIds: vpc.isolatedSubnetIds, securityGroupIds: [securityGroup.id] };
}
