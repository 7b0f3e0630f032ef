import type { Resource } from "pulumi-aws-local";

type Properties = Record<string, unknown>;
/** What becomes of inputs: a property with another name, or other properties. Everything else is only capitalized. */
type Spelling = Record<string, string | ((value: never) => Properties)>;

/** A CloudFormation template. */
interface Template {
  Resources: Record<string, { Type: string; Properties: Properties }>;
}

const nothing = () => ({});
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

const types: Record<string, [type: string, spelling?: Spelling]> = {
  "aws:acm/certificate:Certificate": ["CertificateManager::Certificate"],
  "aws:apigatewayv2/api:Api": ["ApiGatewayV2::Api", { physicalName: "Name", tags: tagMap }],
  "aws:apigatewayv2/apiMapping:ApiMapping": ["ApiGatewayV2::ApiMapping"],
  "aws:apigatewayv2/domainName:DomainName": [
    "ApiGatewayV2::DomainName",
    {
      domainNameConfiguration: (only: object) => ({ DomainNameConfigurations: [spell(only)] }),
      tags: tagMap,
    },
  ],
  "aws:apigatewayv2/integration:Integration": ["ApiGatewayV2::Integration"],
  "aws:apigatewayv2/route:Route": ["ApiGatewayV2::Route"],
  "aws:apigatewayv2/stage:Stage": ["ApiGatewayV2::Stage", { name: "StageName", tags: tagMap }],
  "aws:cloudwatch/dashboard:Dashboard": ["CloudWatch::Dashboard"],
  "aws:cloudwatch/logGroup:LogGroup": [
    "Logs::LogGroup",
    { physicalName: "LogGroupName", namePrefix: nothing },
  ],
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
            ...spell(query),
            ...(stat && {
              MetricStat: { Metric: { ...spell(metric), ...dimensions(map) }, Stat: stat, Period: period },
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
          prefixListIds.map((id) => ({ ...spell(rule), IpProtocol: protocol, DestinationPrefixListId: id })),
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
      allowOverwrite: nothing,
    },
  ],
  "aws:sns/topic:Topic": ["SNS::Topic", { physicalName: "TopicName" }],
  "aws:sns/topicSubscription:TopicSubscription": ["SNS::Subscription", { topic: "TopicArn" }],
};

// CloudFormation has neither: there a certificate waits for its own validation, and awsx is Pulumi's.
const left = ["aws:acm/certificateValidation:CertificateValidation", "awsx:ec2:Vpc"];

/** A stack as CloudFormation's template, with literal names and ARNs where it refers to a resource. */
export function toTemplate(
  resources: Pick<Resource, "type" | "name" | "physicalName" | "inputs">[],
): Template {
  const converted = resources
    .filter(({ type }) => type.startsWith("aws") && !left.includes(type))
    .map(({ type, name, physicalName, inputs }) => {
      const [Type, spelling] = types[type] ?? [];
      if (!Type) throw new Error(`${type} is not in tests/support/cloudformation.ts`);
      const Properties = spell({ ...inputs, physicalName }, { tags, physicalName: nothing, ...spelling });
      return [`${Type}${name}`.replace(/\W/g, ""), { Type: `AWS::${Type}`, Properties }];
    });
  return { Resources: Object.fromEntries(converted) };
}

/** Inputs as properties: each by its own spelling, or capitalized, as is everything in it. */
function spell(inputs: object, spelling: Spelling = {}): Properties {
  const deep = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(deep);
    return typeof value === "object" && value !== null ? spell(value) : value;
  };
  const properties = Object.entries(inputs).map(([key, value]) => {
    if (value === undefined) return {};
    const how = spelling[key] ?? key.replace(/^./, (first) => first.toUpperCase());
    return typeof how === "string" ? { [how]: deep(value) } : how(value as never);
  });
  return Object.assign({}, ...properties);
}
