import type { Provider } from "./deployment";

/** A network whose ids a program can pass on. There is nothing behind them: functions reach DynamoDB anyway. */
export const network: Provider = {
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
};
