import type { Resource } from "pulumi-aws-local";

type Properties = Record<string, unknown>;
/** How to convert inputs: to a property with another name, or to other properties. All others are only capitalized. */
type Mapping = Record<string, string | ((value: never) => Properties)>;

/** A CloudFormation template. */
interface Template {
  Resources: Record<string, { Type: string; Properties: Properties }>;
}

const omit = () => ({});
const pairs = (key: string, map: object) =>
  Object.entries(map).map(([name, value]) => ({ [key]: name, Value: value }));
const tags = (map: object) => ({ Tags: pairs("Key", map) });
const tagMap = (map: object) => ({ Tags: map });
const dimensions = (map: object) => ({ Dimensions: pairs("Name", map) });
const document = (name: string) => (policy: unknown) => ({
  [name]: typeof policy === "string" ? JSON.parse(policy) : policy,
});

interface Query {
  metric?: { namespace: string; metricName: string; dimensions?: object; stat: string; period: number };
}

const types: Record<string, [type: string, mapping?: Mapping]> = {
  "aws:acm/certificate:Certificate": ["CertificateManager::Certificate"],
  "aws:apigatewayv2/api:Api": ["ApiGatewayV2::Api", { physicalName: "Name", tags: tagMap }],
  "aws:apigatewayv2/apiMapping:ApiMapping": ["ApiGatewayV2::ApiMapping"],
  "aws:apigatewayv2/domainName:DomainName": [
    "ApiGatewayV2::DomainName",
    {
      domainNameConfiguration: (only: object) => ({ DomainNameConfigurations: [convert(only)] }),
      tags: tagMap,
    },
  ],
  "aws:apigatewayv2/integration:Integration": ["ApiGatewayV2::Integration"],
  "aws:apigatewayv2/route:Route": ["ApiGatewayV2::Route"],
  "aws:apigatewayv2/stage:Stage": ["ApiGatewayV2::Stage", { name: "StageName", tags: tagMap }],
  "aws:cloudwatch/dashboard:Dashboard": ["CloudWatch::Dashboard"],
  "aws:cloudwatch/logGroup:LogGroup": ["Logs::LogGroup", { physicalName: "LogGroupName", namePrefix: omit }],
  "aws:cloudwatch/logMetricFilter:LogMetricFilter": [
    "Logs::MetricFilter",
    {
      pattern: "FilterPattern",
      metricTransformation: ({ namespace, name, value, defaultValue }: Record<string, string>) => ({
        MetricTransformations: [
          {
            MetricNamespace: namespace,
            MetricName: name,
            MetricValue: value,
            DefaultValue: Number(defaultValue),
          },
        ],
      }),
    },
  ],
  "aws:cloudwatch/metricAlarm:MetricAlarm": [
    "CloudWatch::Alarm",
    {
      physicalName: "AlarmName",
      okActions: "OKActions",
      dimensions,
      metricQueries: (queries: Query[]) => ({
        Metrics: queries.map(
          ({ metric: { stat, period, dimensions: map = {}, ...metric } = {}, ...query }) => ({
            ...convert(query),
            ...(stat && {
              MetricStat: { Metric: { ...convert(metric), ...dimensions(map) }, Stat: stat, Period: period },
            }),
          }),
        ),
      }),
    },
  ],
  "aws:cloudwatch/queryDefinition:QueryDefinition": ["Logs::QueryDefinition"],
  "aws:dynamodb/table:Table": [
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
  "aws:ec2/securityGroup:SecurityGroup": [
    "EC2::SecurityGroup",
    {
      description: "GroupDescription",
      ingress: "SecurityGroupIngress",
      egress: (rules: { protocol: string; prefixListIds: string[] }[]) => ({
        SecurityGroupEgress: rules.flatMap(({ protocol, prefixListIds, ...rule }) =>
          prefixListIds.map((id) => ({
            ...convert(rule),
            IpProtocol: protocol,
            DestinationPrefixListId: id,
          })),
        ),
      }),
    },
  ],
  "aws:ec2/vpcEndpoint:VpcEndpoint": ["EC2::VPCEndpoint", { policy: document("PolicyDocument") }],
  "aws:iam/role:Role": [
    "IAM::Role",
    { physicalName: "RoleName", assumeRolePolicy: document("AssumeRolePolicyDocument") },
  ],
  "aws:iam/rolePolicy:RolePolicy": [
    "IAM::RolePolicy",
    { physicalName: "PolicyName", role: "RoleName", policy: document("PolicyDocument") },
  ],
  "aws:lambda/function:Function": [
    "Lambda::Function",
    {
      physicalName: "FunctionName",
      code: () => ({ Code: { S3Bucket: "archives", S3Key: "visit.zip" } }),
      environment: ({ variables }: Properties) => ({ Environment: { Variables: variables } }),
    },
  ],
  "aws:lambda/permission:Permission": ["Lambda::Permission", { function: "FunctionName" }],
  "aws:route53/record:Record": [
    "Route53::RecordSet",
    {
      zoneId: "HostedZoneId",
      ttl: (seconds: number) => ({ TTL: `${seconds}` }),
      records: "ResourceRecords",
      aliases: ([alias]: Record<string, unknown>[]) => ({
        AliasTarget: {
          DNSName: alias?.name,
          HostedZoneId: alias?.zoneId,
          EvaluateTargetHealth: alias?.evaluateTargetHealth,
        },
      }),
      allowOverwrite: omit,
    },
  ],
  "aws:sns/topic:Topic": ["SNS::Topic", { physicalName: "TopicName" }],
  "aws:sns/topicSubscription:TopicSubscription": ["SNS::Subscription", { topic: "TopicArn" }],
};

// CloudFormation has neither: its certificates wait for their own validation, and awsx belongs to Pulumi.
const skipped = ["aws:acm/certificateValidation:CertificateValidation", "awsx:ec2:Vpc"];

/** Converts a stack to a CloudFormation template. References to resources become literal names and ARNs. */
export function toTemplate(
  resources: Pick<Resource, "type" | "name" | "physicalName" | "inputs">[],
): Template {
  const converted = resources
    .filter(({ type }) => type.startsWith("aws") && !skipped.includes(type))
    .map(({ type, name, physicalName, inputs }) => {
      const [Type, mapping] = types[type] ?? [];
      if (!Type) throw new Error(`${type} is not in tests/support/cloudformation.ts`);
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
