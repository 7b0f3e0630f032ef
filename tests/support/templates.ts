// Writes the stacks dev and prod, without and with every option, to FOLDER, as CloudFormation templates:
//
//   node -r pulumi-aws-local/register.js tests/support/templates.ts FOLDER

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Provider } from "pulumi-aws-local";
import { toTemplate } from "./cloudformation";
import { evaluate, everyOption } from "./evaluate";

const certificate = "arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012";
const vpc = {
  vpcId: "vpc-12345678",
  isolatedSubnetIds: ["subnet-12345678", "subnet-87654321"],
  routeTables: [{ id: "rtb-12345678" }, { id: "rtb-87654321" }],
};
type Arn = (service: string, path: string) => string;
const invocations = (arn: Arn, name: string) =>
  `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arn("lambda", `function:${name}`)}/invocations`;

/** Ids and ARNs in AWS's format. */
const provider: Provider = {
  "aws:acm/certificateValidation:CertificateValidation": () => ({ outputs: { certificateArn: certificate } }),
  "aws:cloudwatch/logGroup:LogGroup": ({ arn, physicalName: name }) => ({
    outputs: { name, arn: arn("logs", `log-group:${name}`) },
  }),
  "aws:cloudwatch/metricAlarm:MetricAlarm": ({ arn, physicalName: name }) => ({
    outputs: { arn: arn("cloudwatch", `alarm:${name}`) },
  }),
  "aws:dynamodb/table:Table": ({ arn, physicalName: name }) => ({
    outputs: { arn: arn("dynamodb", `table/${name}`) },
  }),
  "aws:ec2/securityGroup:SecurityGroup": () => ({ id: "sg-12345678" }),
  "aws:ec2/vpcEndpoint:VpcEndpoint": () => ({ outputs: { prefixListId: "pl-12345678" } }),
  "aws:iam/role:Role": ({ physicalName: name }) => ({
    outputs: { name, arn: `arn:aws:iam::000000000000:role/${name}` },
  }),
  "aws:lambda/function:Function": ({ arn, physicalName: name }) => ({
    outputs: { name, invokeArn: invocations(arn, name) },
  }),
  "aws:sns/topic:Topic": ({ arn, physicalName: name }) => ({ outputs: { arn: arn("sns", name) } }),
  "awsx:ec2:Vpc": () => ({ outputs: vpc }),
};

async function main(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const options = { ...everyOption, hostedZoneId: "Z0123456789ABC" };
  for (const stack of ["dev", "prod"]) {
    for (const [name, settings] of Object.entries({ [stack]: {}, [`${stack}-with-every-option`]: options })) {
      const { resources } = await evaluate(settings, { stack, provider });
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(toTemplate(resources), null, 2));
    }
  }
}

main(process.argv[2] ?? "templates");
