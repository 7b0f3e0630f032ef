import type { Provider } from "./resource";

/** Outputs with nothing behind them, of resources that are not emulated, for programs that pass them on. */
export const standIns: Provider = {
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
