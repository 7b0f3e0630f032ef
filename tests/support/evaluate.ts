import type { Provider, Resource } from "pulumi-aws-local";
import { deploy, type Outputs, readProject, standIns } from "pulumi-aws-local";
import { copyProject } from "./project";
import { type Declared, recordingProgram, takeDeclared } from "./recorder";

export interface Evaluation {
  /** In the order of creation. */
  resources: Resource<Record<string, unknown>>[];
  outputs: Outputs;
  /** The inputs of the one resource of a type and name. */
  inputs(type: string, name: string): Record<string, unknown>;
  /** The resources that a component holds together. */
  partsOf(component: string): string[];
  /** What the one resource of a type and name is declared with, including options, which mocks don't get. */
  declared(type: string, name: string): Declared;
}

const folder = copyProject();
const program = recordingProgram(folder);
/** By settings: the program is the same for all tests of a process. */
const evaluations = new Map<string, Promise<Evaluation>>();

interface Options {
  stack?: string;
  /** Instead of, or in addition to, the answers below. */
  provider?: Provider;
}

/** The tags of everything in the stack dev. */
export const tags = { project: readProject(folder, "dev").name, stack: "dev" };

/**
 * Evaluates `index.ts` under runtime mocks that answer as AWS would; once for the same settings, unless other answers
 * are given.
 *
 * @param settings on top of those of the stack, by their names in Pulumi.yaml
 */
export function evaluate(settings: Record<string, string> = {}, options: Options = {}): Promise<Evaluation> {
  const { stack = "dev", provider } = options;
  if (provider) return evaluateAnew(settings, options);
  const key = JSON.stringify([stack, Object.entries(settings).sort()]);
  const known = evaluations.get(key) ?? evaluateAnew(settings, options);
  evaluations.set(key, known);
  return known;
}

async function evaluateAnew(
  settings: Record<string, string>,
  { stack = "dev", provider = {} }: Options,
): Promise<Evaluation> {
  const project = { ...readProject(folder, stack), program };
  for (const [key, value] of Object.entries(settings)) project.config[`${project.name}:${key}`] = value;
  const resources: Resource<Record<string, unknown>>[] = [];
  takeDeclared();
  const outputs = await deploy(project, { ...standIns(project.region), ...aws, ...provider }, (resource) => {
    resources.push(resource as Resource<Record<string, unknown>>);
  });
  const declared = takeDeclared();
  return {
    resources,
    outputs,
    inputs: (type, name) => theOne(resources, type, name).inputs,
    partsOf: (component) =>
      declared.flatMap(({ type, name, parent }) => (parent === component ? [`${type} ${name}`] : [])),
    declared: (type, name) => theOne(declared, type, name),
  };
}

function theOne<T extends { type: string; name: string }>(all: T[], type: string, name: string): T {
  const [found, ...others] = all.filter((resource) => resource.type === type && resource.name === name);
  if (found && others.length === 0) return found;
  throw new Error(`${found ? others.length + 1 : 0} resources of type ${type} are named ${name}`);
}

/** What AWS says of the resources whose outputs the program uses. */
const aws: Provider = {
  "aws:apigatewayv2/api:Api": () => ({
    id: "api1",
    outputs: {
      executionArn: "arn:aws:execute-api:us-east-1:000000000000:api1",
      apiEndpoint: "https://api1.test",
    },
  }),
  "aws:apigatewayv2/integration:Integration": () => ({ id: "integration1" }),
  "aws:apigatewayv2/stage:Stage": () => ({ outputs: { invokeUrl: "https://api1.test/" } }),
  "aws:dynamodb/table:Table": () => ({ outputs: { arn: "arn:table", name: "sessions-1" } }),
  "aws:cloudwatch/logGroup:LogGroup": ({ name }) => ({
    outputs: { arn: `arn:log:${name}`, name: `${name}-log` },
  }),
  "aws:iam/role:Role": () => ({ id: "role1", outputs: { arn: "arn:role" } }),
  "aws:lambda/function:Function": () => ({ outputs: { invokeArn: "arn:invoke", name: "visit-1" } }),
  "aws:sns/topic:Topic": () => ({ outputs: { arn: "arn:topic" } }),
  "aws:cloudwatch/metricAlarm:MetricAlarm": ({ name }) => ({ outputs: { arn: `arn:alarm:${name}` } }),
  "awsx:ec2:Vpc": () => ({
    outputs: {
      vpcId: "vpc1",
      isolatedSubnetIds: ["subnet1", "subnet2"],
      routeTables: [{ id: "table1" }, { id: "table2" }],
    },
  }),
  "aws:ec2/vpcEndpoint:VpcEndpoint": () => ({ outputs: { prefixListId: "pl-dynamodb" } }),
  "aws:ec2/securityGroup:SecurityGroup": () => ({ id: "group1" }),
  "aws:acm/certificate:Certificate": () => ({
    outputs: {
      arn: "arn:certificate",
      domainValidationOptions: [
        {
          resourceRecordName: "_proof.test",
          resourceRecordType: "CNAME",
          resourceRecordValue: "proof.acm.test",
        },
      ],
    },
  }),
  "aws:apigatewayv2/domainName:DomainName": ({ inputs }) => ({
    outputs: {
      domainNameConfiguration: {
        ...(inputs.domainNameConfiguration as object),
        targetDomainName: "d.api.test",
        hostedZoneId: "ZAPI",
      },
    },
  }),
  "aws:route53/record:Record": ({ inputs }) => ({ outputs: { fqdn: `${inputs.name}.` } }),
  "aws:acm/certificateValidation:CertificateValidation": () => ({
    outputs: { certificateArn: "arn:validated" },
  }),
};
