import type * as aws from "@pulumi/aws";
import { ACCOUNT_ID, emulate, type Provider } from "./resource";

/** Resources and data sources that need nothing but outputs, for programs that pass these on. */
export const standIns = (region: string): Provider => ({
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
        routeTables: [],
      },
    };
  },
  "aws:acm/certificate:Certificate": ({ inputs: { domainName } }) => {
    const proof = { resourceRecordType: "CNAME", resourceRecordValue: "proof.invalid" };
    const option = { domainName, resourceRecordName: `_proof.${domainName}`, ...proof };
    return { outputs: { domainValidationOptions: [option] } };
  },

  "pulumi:pulumi:StackReference": () => ({ outputs: { outputs: {}, secretOutputNames: [] } }),

  "aws:index/getCallerIdentity:getCallerIdentity": () => ({ outputs: { accountId: ACCOUNT_ID } }),
  "aws:index/getPartition:getPartition": () => ({
    outputs: { partition: "aws", dnsSuffix: "amazonaws.com" },
  }),
  "aws:index/getRegion:getRegion": () => ({ outputs: { region, name: region, id: region } }),
  "aws:index/getAvailabilityZones:getAvailabilityZones": () => ({
    outputs: { names: ["a", "b", "c"].map((zone) => region + zone) },
  }),
  "aws:route53/getZone:getZone": () => ({ outputs: { id: "ZLOCAL", zoneId: "ZLOCAL", nameServers: [] } }),
});
