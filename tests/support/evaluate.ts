import type { Provider, Resource } from "pulumi-aws-local";
import { deploy, type Outputs, readProject, standIns } from "pulumi-aws-local";
import { copyProject } from "./project";
import { type Registration, takeRegistrations, writeRecordingProgram } from "./registrations";

export interface Evaluation {
  /** In the order of creation. */
  resources: Resource<Record<string, unknown>>[];
  outputs: Outputs;
  /** The inputs of the only resource with this type and name. */
  inputs(type: string, name: string): Record<string, unknown>;
  /** The resources whose parent is this component. */
  childrenOf(component: string): string[];
  /** What the program registers about a resource besides its inputs. */
  registration(type: string, name: string): Registration;
}

const folder = copyProject();
const program = writeRecordingProgram(folder);
/** By settings. */
const evaluations = new Map<string, Promise<Evaluation>>();

interface Options {
  stack?: string;
  /** Overrides or extends the provider below. */
  provider?: Provider;
}

/** The tags of every resource in the stack dev. */
export const tags = { project: readProject(folder, "dev").name, stack: "dev" };

/**
 * Evaluates `index.ts` under runtime mocks, with the outputs that AWS would return. Results are cached by settings,
 * unless a provider is passed.
 *
 * @param settings override those of the stack, by their names in Pulumi.yaml
 */
export function evaluate(settings: Record<string, string> = {}, options: Options = {}): Promise<Evaluation> {
  const { stack = "dev", provider } = options;
  if (provider) return evaluateUncached(settings, options);
  const key = JSON.stringify([stack, Object.entries(settings).sort()]);
  const known = evaluations.get(key) ?? evaluateUncached(settings, options);
  evaluations.set(key, known);
  return known;
}

async function evaluateUncached(
  settings: Record<string, string>,
  { stack = "dev", provider = {} }: Options,
): Promise<Evaluation> {
  const project = { ...readProject(folder, stack), program };
  for (const [key, value] of Object.entries(settings)) project.config[`${project.name}:${key}`] = value;
  const resources: Resource<Record<string, unknown>>[] = [];
  takeRegistrations();
  const onCreated = (resource: Resource) => resources.push(resource);
  const { outputs } = await deploy(
    project,
    { ...standIns(project.region), ...aws, ...provider },
    { onCreated },
  );
  const registrations = takeRegistrations();
  return {
    resources,
    outputs,
    inputs: (type, name) => findOnly(resources, type, name).inputs,
    childrenOf: (component) =>
      registrations.flatMap(({ type, name, parent }) => (parent === component ? [`${type} ${name}`] : [])),
    registration: (type, name) => findOnly(registrations, type, name),
  };
}

function findOnly<T extends { type: string; name: string }>(all: T[], type: string, name: string): T {
  const [found, ...others] = all.filter((resource) => resource.type === type && resource.name === name);
  if (found && others.length === 0) return found;
  throw new Error(`Found ${found ? others.length + 1 : 0} resources of type ${type} named ${name}.`);
}

/** The outputs that the program uses, as AWS would return them. */
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
