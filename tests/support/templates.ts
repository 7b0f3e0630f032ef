// Writes stacks with every combination of optional parts to FOLDER/stacks, as CloudFormation templates:
//
//   node -r pulumi-aws-local/register.js tests/support/templates.ts FOLDER
//
// FOLDER/invalid gets templates with one mistake each, which the linter must reject.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Provider, Resource } from "pulumi-aws-local";
import { toTemplate } from "./cloudformation";
import { evaluate } from "./evaluate";

const parts: Record<string, Record<string, string>> = {
  network: { privateNetwork: "true" },
  domain: {
    domainName: "www.example.com",
    hostedZoneId: "Z0123456789ABC",
    disableExecuteApiEndpoint: "true",
  },
  tracing: { tracing: "true" },
  email: { alarmEmail: "ops@example.org" },
};

const certificate = "arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012";
/** Ids and ARNs in AWS's format. */
const provider: Provider = {
  "aws:acm/certificateValidation:CertificateValidation": () => ({ outputs: { certificateArn: certificate } }),
  "aws:cloudwatch/logGroup:LogGroup": ({ arn, physicalName }) => ({
    outputs: { arn: arn("logs", `log-group:${physicalName}`), name: physicalName },
  }),
  "aws:cloudwatch/metricAlarm:MetricAlarm": ({ arn, physicalName }) => ({
    outputs: { arn: arn("cloudwatch", `alarm:${physicalName}`) },
  }),
  "aws:dynamodb/table:Table": ({ arn, physicalName }) => ({
    outputs: { arn: arn("dynamodb", `table/${physicalName}`) },
  }),
  "aws:ec2/securityGroup:SecurityGroup": () => ({ id: "sg-12345678" }),
  "aws:ec2/vpcEndpoint:VpcEndpoint": () => ({ outputs: { prefixListId: "pl-12345678" } }),
  "aws:iam/role:Role": ({ physicalName }) => ({
    outputs: { name: physicalName, arn: `arn:aws:iam::000000000000:role/${physicalName}` },
  }),
  "aws:lambda/function:Function": ({ arn, physicalName }) => {
    const path = `lambda:path/2015-03-31/functions/${arn("lambda", `function:${physicalName}`)}/invocations`;
    return { outputs: { name: physicalName, invokeArn: `arn:aws:apigateway:us-east-1:${path}` } };
  },
  "aws:sns/topic:Topic": ({ arn, physicalName }) => ({ outputs: { arn: arn("sns", physicalName) } }),
  "awsx:ec2:Vpc": () => ({
    outputs: {
      vpcId: "vpc-12345678",
      isolatedSubnetIds: ["subnet-12345678", "subnet-87654321"],
      routeTables: [{ id: "rtb-12345678" }, { id: "rtb-87654321" }],
    },
  }),
};

/** Each mistake changes all resources of a type. */
const mistakes: Record<string, [type: string, change: { physicalName?: string; inputs?: object }]> = {
  "a-retention-of-4-days": ["aws:cloudwatch/logGroup:LogGroup", { inputs: { retentionInDays: 4 } }],
  "a-name-of-65-characters": ["aws:iam/role:Role", { physicalName: "x".repeat(65) }],
  "an-unknown-runtime": ["aws:lambda/function:Function", { inputs: { runtime: "nodejs19.x" } }],
  "no-role": ["aws:lambda/function:Function", { inputs: { role: undefined } }],
};

async function main(folder: string): Promise<void> {
  for (const name of ["stacks", "invalid"]) mkdirSync(join(folder, name), { recursive: true });
  const write = (name: string, resources: Resource[]) =>
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(toTemplate(resources), null, 2));

  for (const stack of ["dev", "prod"]) {
    for (let choice = 0; choice < 2 ** Object.keys(parts).length; choice++) {
      const chosen = Object.keys(parts).filter((_, at) => choice & (2 ** at));
      const settings = Object.assign({ tracing: "false" }, ...chosen.map((part) => parts[part]));
      const { resources } = await evaluate(settings, { stack, provider });
      write(`stacks/${[stack, ...chosen].join("-")}`, resources);
    }
  }
  const { resources } = await evaluate({}, { provider });
  for (const [name, [type, { inputs, ...change }]] of Object.entries(mistakes)) {
    const invalid = resources.map((resource) =>
      resource.type === type
        ? { ...resource, ...change, inputs: { ...resource.inputs, ...inputs } }
        : resource,
    );
    write(`invalid/${name}`, invalid);
  }
}

main(process.argv[2] ?? "templates");
