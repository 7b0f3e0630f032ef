import type * as aws from "@pulumi/aws";
import { emulate, type Provider } from "./resource";

/** Resources with nothing behind them but outputs, for programs that pass these on. */
export const standIns: Provider = {
  // Logs go to the terminal, which keeps them for as long as you like.
  "aws:cloudwatch/logGroup:LogGroup": emulate<aws.cloudwatch.LogGroupArgs>()(["retentionInDays"], () => ({})),
  // Functions reach DynamoDB without a network.
  "awsx:ec2:Vpc": ({ physicalName }) => {
    const subnetIds = (kind: string) => ["a", "b"].map((zone) => `subnet-${physicalName}-${kind}-${zone}`);
    return {
      outputs: {
        vpcId: `vpc-${physicalName}`,
        isolatedSubnetIds: subnetIds("isolated"),
        privateSubnetIds: subnetIds("private"),
        publicSubnetIds: subnetIds("public"),
        vpcEndpoints: [],
        subnets: [],
        natGateways: [],
        routeTables: [],
      },
    };
  },
  "aws:acm/certificate:Certificate": ({ inputs: { domainName } }) => ({
    outputs: {
      domainValidationOptions: [
        {
          domainName,
          resourceRecordName: `_proof.${domainName}`,
          resourceRecordType: "CNAME",
          resourceRecordValue: "proof.invalid",
        },
      ],
    },
  }),
};
