// Writes the stacks dev and prod, without and with every option, to FOLDER, as CloudFormation templates:
//
//   node -r pulumi-aws-local/register.js tests/support/templates.ts FOLDER

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Evaluation, evaluate, everyOption } from "./evaluate";

type Properties = Record<string, unknown>;
/** How to convert inputs: to a property with another name, or to other properties. All others are only capitalized. */
type Mapping = Record<string, string | ((value: never) => Properties)>;

const omit = () => ({});
const document = (name: string) => (policy: unknown) => ({
  [name]: typeof policy === "string" ? JSON.parse(policy) : policy,
});
const pairs = (key: string, map: object) =>
  Object.entries(map).map(([name, value]) => ({ [key]: name, Value: value }));

const tagMap = (Tags: object) => ({ Tags });
const tags = (map: object) => ({ Tags: pairs("Key", map) });
const dimensions = (map: object) => ({ Dimensions: pairs("Name", map) });

interface Query {
  metric?: { dimensions?: object; stat: string; period: number };
}

const metric = ({ metric: { stat, period, ...rest } = {} as never, ...query }: Query): Properties => ({
  ...convert(query),
  ...(stat && { MetricStat: { Metric: convert(rest, { dimensions }), Stat: stat, Period: period } }),
});

const types: Record<string, [type: string, mapping?: Mapping]> = {
  "acm/certificate": ["CertificateManager::Certificate"],
  "apigatewayv2/api": ["ApiGatewayV2::Api", { physicalName: "Name", tags: tagMap }],
  "apigatewayv2/apiMapping": ["ApiGatewayV2::ApiMapping"],
  "apigatewayv2/domainName": [
    "ApiGatewayV2::DomainName",
    {
      domainNameConfiguration: (only: object) => ({ DomainNameConfigurations: [convert(only)] }),
      tags: tagMap,
    },
  ],
  "apigatewayv2/integration": ["ApiGatewayV2::Integration"],
  "apigatewayv2/route": ["ApiGatewayV2::Route"],
  "apigatewayv2/stage": ["ApiGatewayV2::Stage", { name: "StageName", tags: tagMap }],
  "cloudwatch/dashboard": ["CloudWatch::Dashboard"],
  "cloudwatch/logGroup": ["Logs::LogGroup", { physicalName: "LogGroupName", namePrefix: omit }],
  "cloudwatch/logMetricFilter": [
    "Logs::MetricFilter",
    {
      pattern: "FilterPattern",
      metricTransformation: ({ namespace, name, value, defaultValue }: Record<string, string>) => {
        const metric = { MetricNamespace: namespace, MetricName: name, MetricValue: value };
        return { MetricTransformations: [{ ...metric, DefaultValue: Number(defaultValue) }] };
      },
    },
  ],
  "cloudwatch/metricAlarm": [
    "CloudWatch::Alarm",
    {
      ...{ physicalName: "AlarmName", okActions: "OKActions", dimensions },
      metricQueries: (queries: Query[]) => ({ Metrics: queries.map(metric) }),
    },
  ],
  "cloudwatch/queryDefinition": ["Logs::QueryDefinition"],
  "dynamodb/table": [
    "DynamoDB::Table",
    {
      physicalName: "TableName",
      hashKey: (AttributeName: string) => ({ KeySchema: [{ AttributeName, KeyType: "HASH" }] }),
      attributes: (all: { name: string; type: string }[]) => ({
        AttributeDefinitions: all.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
      }),
      ttl: "TimeToLiveSpecification",
      serverSideEncryption: ({ enabled }: Properties) => ({ SSESpecification: { SSEEnabled: enabled } }),
      pointInTimeRecovery: ({ enabled }: Properties) => ({
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: enabled },
      }),
    },
  ],
  "ec2/securityGroup": [
    "EC2::SecurityGroup",
    {
      ...{ description: "GroupDescription", ingress: "SecurityGroupIngress" },
      egress: (rules: object[]) => ({
        SecurityGroupEgress: rules.map((rule) =>
          convert(rule, {
            protocol: "IpProtocol",
            prefixListIds: ([id]: string[]) => ({ DestinationPrefixListId: id }),
          }),
        ),
      }),
    },
  ],
  "ec2/vpcEndpoint": ["EC2::VPCEndpoint", { policy: document("PolicyDocument") }],
  "iam/role": [
    "IAM::Role",
    { physicalName: "RoleName", assumeRolePolicy: document("AssumeRolePolicyDocument") },
  ],
  "iam/rolePolicy": [
    "IAM::RolePolicy",
    { physicalName: "PolicyName", role: "RoleName", policy: document("PolicyDocument") },
  ],
  "lambda/function": [
    "Lambda::Function",
    { physicalName: "FunctionName", code: () => ({ Code: { S3Bucket: "archives", S3Key: "visit.zip" } }) },
  ],
  "lambda/permission": ["Lambda::Permission", { function: "FunctionName" }],
  "sns/topic": ["SNS::Topic", { physicalName: "TopicName" }],
  "sns/topicSubscription": ["SNS::Subscription", { topic: "TopicArn" }],
};

// CloudFormation has no validations: its certificates wait for their own. The linters know little about DNS records.
// The other resources belong to Pulumi.
const skipped = /^(aws:acm\/certificateValidation|aws:route53\/record|awsx|sessions):/;

/** Converts a stack to a CloudFormation template. References to resources become literal names and ARNs. */
function toTemplate({ resources }: Evaluation) {
  const converted = resources
    .filter(({ type }) => !skipped.test(type))
    .map(({ type, name, physicalName, inputs }) => {
      const [Type, mapping] = types[type.split(":")[1] ?? ""] ?? [];
      if (!Type) throw new Error(`${type} is not in tests/support/templates.ts`);
      const Properties = convert({ ...inputs, physicalName }, { tags, physicalName: omit, ...mapping });
      return [`${Type}${name}`.replace(/\W/g, ""), { Type: `AWS::${Type}`, Properties }];
    });
  return { Resources: Object.fromEntries(converted) };
}

/** Converts inputs to properties. Inputs without a mapping are capitalized, including everything in them. */
function convert(inputs: object, mapping: Mapping = {}): Properties {
  const deep = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(deep);
    return typeof value === "object" && value !== null ? convert(value) : value;
  };
  const properties = Object.entries(inputs).map(([key, value]) => {
    if (value === undefined) return {};
    const target = mapping[key] ?? key.replace(/^./, (first) => first.toUpperCase());
    return typeof target === "string" ? { [target]: deep(value) } : target(value as never);
  });
  return Object.assign({}, ...properties);
}

async function main(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const options = { ...everyOption, hostedZoneId: "Z0123456789ABC" };
  for (const stack of ["dev", "prod"]) {
    for (const [name, settings] of Object.entries({ [stack]: {}, [`${stack}-with-every-option`]: options })) {
      const template = toTemplate(await evaluate(settings, stack));
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(template, null, 2));
    }
  }
}

main(process.argv[2] ?? "templates");
