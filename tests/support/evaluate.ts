import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Provider, Resource } from "pulumi-aws-local";
import { deploy, readProject, standIns } from "pulumi-aws-local";
import { copyProject } from "./project";

/** What a program registers about a resource, but Pulumi doesn't pass to mocks. */
interface Registration {
  type: string;
  name: string;
  protect: boolean;
  retainOnDelete: boolean;
  /** The name of the parent component, if any. */
  parent?: string;
  /** Whether the type has tags: its constructor sets the property, even if to undefined. */
  takesTags: boolean;
  /** The resources in `dependsOn` and those whose outputs it uses. */
  dependencies: () => Promise<string[]>;
}

export type Evaluation = Awaited<ReturnType<typeof evaluateUncached>>;

/** A resource's type and name, such as "Table sessions". */
export const labelOf = ({ type, name }: { type: string; name: string }) => `${type.split(":").pop()} ${name}`;

const folder = copyProject();
/** Runs `index.ts` under {@link record}. */
const program = join(folder, "recorded.js");
writeFileSync(
  program,
  `require("@pulumi/pulumi").runtime.registerStackTransformation(require(${JSON.stringify(__filename)}).record);
  module.exports = require("./index");`,
);
/** By stack and settings. */
const evaluations = new Map<string, Promise<Evaluation>>();

/** Settings that add every optional part. */
export const everyOption = {
  privateNetwork: "true",
  tracing: "true",
  domainName: "www.example.com",
  hostedZoneId: "Z1",
  disableExecuteApiEndpoint: "true",
  alarmEmail: "ops@example.org",
};

/**
 * Evaluates `index.ts` under runtime mocks, with the outputs that AWS would return. Results are cached.
 *
 * @param settings override those of the stack, by their names in Pulumi.yaml
 */
export function evaluate(settings: Record<string, string> = {}, stack = "dev"): Promise<Evaluation> {
  const key = JSON.stringify([stack, settings]);
  const known = evaluations.get(key) ?? evaluateUncached(settings, stack);
  evaluations.set(key, known);
  return known;
}

async function evaluateUncached(settings: Record<string, string>, stack: string) {
  const project = { ...readProject(folder, stack), program };
  for (const [key, value] of Object.entries(settings)) project.config[`${project.name}:${key}`] = value;
  const resources: Resource<Record<string, unknown>>[] = [];
  registrations = new Map();
  const onCreated = (resource: Resource) => resources.push(resource);
  const { outputs } = await deploy(project, { ...standIns(project.region), ...aws }, { onCreated });
  const registered = [...registrations.values()];
  return {
    /** In the order of creation. */
    resources,
    outputs,
    /** The inputs of the resource with this label. */
    inputs: (label: string) => find(resources, label).inputs,
    /** What the program registers about a resource besides its inputs. */
    registration: (label: string) => find(registered, label),
  };
}

let registrations = new Map<pulumi.Resource, Registration>();

/** A stack transformation that changes nothing. */
export function record({ resource, type, name, props, opts }: pulumi.ResourceTransformationArgs): undefined {
  const all = registrations;
  const { protect, retainOnDelete, parent, dependsOn } = opts as pulumi.CustomResourceOptions;
  all.set(resource, {
    type,
    name,
    protect: protect === true,
    retainOnDelete: retainOnDelete === true,
    parent: parent && all.get(parent)?.name,
    takesTags: "tags" in props,
    dependencies: async () => {
      const found = new Set<pulumi.Resource>();
      await pulumi.runtime.serializeProperty(name, { props, dependsOn: dependsOn ?? [] }, found);
      return [...found].map((other) => labelOf(all.get(other) as Registration));
    },
  });
}

function find<T extends { type: string; name: string }>(all: T[], label: string): T {
  const found = all.find((resource) => labelOf(resource) === label);
  if (!found) throw new Error(`There is no ${label}.`);
  return found;
}

/** The outputs that the program uses, as AWS would return them. */
const returns = (outputs: Record<string, unknown>, id?: string) => () => ({ id, outputs });
const api = {
  executionArn: "arn:aws:execute-api:us-east-1:000000000000:api1",
  apiEndpoint: "https://api1.test",
};
const vpc = {
  vpcId: "vpc-00000001",
  isolatedSubnetIds: ["subnet-00000001", "subnet-00000002"],
  routeTables: [{ id: "table1" }, { id: "table2" }],
};
const proof = {
  resourceRecordName: "_proof",
  resourceRecordType: "CNAME",
  resourceRecordValue: "proof.test",
};
const zone = { name: "example.com", privateZone: false };
/** By id. All others are as above. */
const zones: Record<string, object> = {
  ZAPEX: { ...zone, name: "www.example.com" },
  ZOTHER: { ...zone, name: "ample.com" },
  ZPRIVATE: { ...zone, privateZone: true },
};
const target = { targetDomainName: "d.api.test", hostedZoneId: "ZAPI" };
const aws: Provider = {
  "aws:apigatewayv2/api:Api": returns(api, "api1"),
  "aws:apigatewayv2/integration:Integration": returns({}, "integration1"),
  "aws:apigatewayv2/stage:Stage": returns({ invokeUrl: "https://api1.test/" }),
  "aws:apigatewayv2/domainName:DomainName": returns({ domainNameConfiguration: target }),
  "aws:dynamodb/table:Table": returns({
    arn: "arn:aws:dynamodb:us-east-1:000000000000:table/sessions",
    name: "sessions-1",
  }),
  "aws:cloudwatch/logGroup:LogGroup": ({ name }) =>
    returns({ arn: `arn:aws:logs:us-east-1:000000000000:log-group:${name}`, name: `${name}-log` })(),
  "aws:cloudwatch/metricAlarm:MetricAlarm": ({ name }) => returns({ arn: `arn:alarm:${name}` })(),
  "aws:iam/role:Role": returns({ arn: "arn:aws:iam::000000000000:role/visit" }, "role1"),
  "aws:lambda/function:Function": returns({ invokeArn: "arn:invoke", name: "visit-1" }),
  "aws:sns/topic:Topic": returns({ arn: "arn:aws:sns:us-east-1:000000000000:alarms" }),
  "awsx:ec2:Vpc": returns(vpc),
  "aws:ec2/vpcEndpoint:VpcEndpoint": returns({ prefixListId: "pl-dynamodb" }),
  "aws:ec2/securityGroup:SecurityGroup": returns({}, "sg-00000001"),
  "aws:acm/certificate:Certificate": returns({ arn: "arn:certificate", domainValidationOptions: [proof] }),
  "aws:acm/certificateValidation:CertificateValidation": returns({
    certificateArn: "arn:aws:acm:us-east-1:000000000000:certificate/1",
  }),
  "aws:route53/getZone:getZone": ({ inputs }) => returns({ ...zone, ...zones[`${inputs.zoneId}`] })(),
  "aws:route53/record:Record": ({ inputs }) => returns({ fqdn: `${inputs.name}.` })(),
};
