import type { Resource } from "pulumi-aws-local";

type Inputs = Record<string, unknown>;
/** Whether AWS takes a value. */
type Check = (value: unknown, inputs: Inputs) => boolean;

const text =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === "string" && pattern.test(value);
const between =
  (min: number, max: number): Check =>
  (value) =>
    Number(value) >= min && Number(value) <= max;
const whole =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && between(min, max)(value, {});
const oneOf =
  (...values: unknown[]): Check =>
  (value) =>
    values.includes(value);
const json =
  (characters: number): Check =>
  (value) =>
    JSON.stringify(typeof value === "string" ? JSON.parse(value) : value).length <= characters;
const optional =
  (check: Check): Check =>
  (value, inputs) =>
    value === undefined || value === "" || check(value, inputs);
const anything: Check = () => true;
const required: Check = (value) => value !== undefined && value !== "";

const ARN = text(/^arn:[\w:./-]{1,2000}\*?$/);
const STATISTIC = /^(SampleCount|Average|Sum|Minimum|Maximum|p(\d{1,2}(\.\d+)?|100))$/;
const METRIC_ID = /^[a-z]\w{0,254}$/;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html */
const metricQueries: Check = (value, { metricName }) => {
  const queries = (value ?? []) as {
    id: string;
    expression?: string;
    metric?: Inputs;
    returnData?: boolean;
  }[];
  if (queries.length === 0) return metricName !== undefined;
  return (
    metricName === undefined &&
    queries.filter(({ returnData }) => returnData).length === 1 &&
    queries.every(({ id, expression, metric }) => METRIC_ID.test(id) && !expression !== !metric) &&
    queries.every(({ metric }) => !metric || (STATISTIC.test(`${metric.stat}`) && isPeriod(metric.period))) &&
    queries.every(({ expression = "x" }) => expression.length <= 1024)
  );
};
const isPeriod = (value: unknown) => [1, 5, 10, 20, 30].includes(Number(value)) || Number(value) % 60 === 0;

/**
 * What AWS takes, by type of resource: a check for each property, from the API reference of its service
 * (https://docs.aws.amazon.com/service/latest/APIReference). A property that is not here is an unknown one.
 */
export const limits: Record<string, Record<string, Check>> = {
  "aws:acm/certificate:Certificate": {
    domainName: text(/^(?=.{1,64}$)(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/),
    validationMethod: oneOf("DNS", "EMAIL"),
  },
  "aws:acm/certificateValidation:CertificateValidation": {
    certificateArn: ARN,
    validationRecordFqdns: required,
  },
  "aws:apigatewayv2/api:Api": {
    protocolType: oneOf("HTTP", "WEBSOCKET"),
    disableExecuteApiEndpoint: anything,
  },
  "aws:apigatewayv2/apiMapping:ApiMapping": { apiId: required, stage: required, domainName: required },
  "aws:apigatewayv2/domainName:DomainName": { domainName: required, domainNameConfiguration: required },
  "aws:apigatewayv2/integration:Integration": {
    apiId: required,
    integrationType: oneOf("AWS_PROXY", "HTTP_PROXY"),
    integrationUri: required,
    payloadFormatVersion: oneOf("1.0", "2.0"),
    timeoutMilliseconds: optional(whole(50, 30_000)),
  },
  "aws:apigatewayv2/route:Route": {
    apiId: required,
    routeKey: text(/^(\$default|(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY) \/\S*)$/),
    target: text(/^integrations\/\S+$/),
  },
  "aws:apigatewayv2/stage:Stage": {
    apiId: required,
    name: text(/^(\$default|[\w-]{1,128})$/),
    autoDeploy: anything,
    defaultRouteSettings: (value) =>
      Object.values(value as Inputs).every((limit) => between(0, 10_000)(limit, {})),
    accessLogSettings: (value) =>
      ARN((value as Inputs).destinationArn, {}) && json(3072)((value as Inputs).format, {}),
  },
  "aws:cloudwatch/dashboard:Dashboard": {
    dashboardName: text(/^[\w-]{1,255}$/),
    dashboardBody: (value) => JSON.parse(`${value}`).widgets.length <= 500,
  },
  "aws:cloudwatch/logGroup:LogGroup": {
    namePrefix: optional(text(/^[\w./#-]{1,512}$/)),
    retentionInDays: oneOf(
      ...[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
        3653,
      ],
    ),
  },
  "aws:cloudwatch/logMetricFilter:LogMetricFilter": {
    logGroupName: required,
    pattern: text(/^.{0,1024}$/),
    metricTransformation: (value) => text(/^[^:*$]{1,255}$/)((value as Inputs).name, {}),
  },
  "aws:cloudwatch/metricAlarm:MetricAlarm": {
    alarmDescription: optional(text(/^.{0,1024}$/s)),
    comparisonOperator: text(/^(GreaterThan|LessThan)(OrEqualTo)?Threshold$/),
    dimensions: optional((value) => Object.keys(value as Inputs).length <= 30),
    evaluationPeriods: (value, { period = 300 }) =>
      Number(value) >= 1 && Number(value) * Number(period) <= 604_800,
    metricName: anything,
    metricQueries,
    namespace: optional(text(/^[^:].{0,254}$/)),
    period: optional(isPeriod),
    statistic: optional(text(STATISTIC)),
    threshold: required,
    treatMissingData: oneOf("breaching", "notBreaching", "ignore", "missing"),
    alarmActions: (value) => (value as unknown[]).length <= 5,
    okActions: (value) => (value as unknown[]).length <= 5,
  },
  "aws:cloudwatch/queryDefinition:QueryDefinition": {
    name: text(/^([^:*/]+\/?)*[^:*/]+$/),
    logGroupNames: (value) => (value as unknown[]).length <= 50,
    queryString: text(/^.{1,10000}$/s),
  },
  "aws:dynamodb/table:Table": {
    hashKey: (value, { attributes }) => (attributes as Inputs[]).some(({ name }) => name === value),
    // Attributes that are no key are refused.
    attributes: (value, { hashKey }) =>
      (value as Inputs[]).every(({ name, type }) => name === hashKey && /^[SNB]$/.test(`${type}`)),
    billingMode: oneOf("PAY_PER_REQUEST", "PROVISIONED"),
    ttl: (value) => text(/^.{1,255}$/)((value as Inputs).attributeName, {}),
    serverSideEncryption: anything,
    pointInTimeRecovery: anything,
    deletionProtectionEnabled: anything,
  },
  "aws:ec2/securityGroup:SecurityGroup": {
    vpcId: required,
    description: text(/^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/),
    ingress: anything,
    egress: (value) =>
      (value as Inputs[]).every(({ description }) =>
        text(/^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/)(description, {}),
      ),
  },
  "aws:ec2/vpcEndpoint:VpcEndpoint": {
    vpcId: required,
    vpcEndpointType: oneOf("Gateway", "Interface"),
    serviceName: text(/^com\.amazonaws\.[\w-]+\.dynamodb$/),
    routeTableIds: required,
    policy: json(20_480),
  },
  "aws:iam/role:Role": { assumeRolePolicy: json(2048) },
  "aws:iam/rolePolicy:RolePolicy": { role: required, policy: json(10_240) },
  "aws:lambda/function:Function": {
    code: required,
    handler: text(/^[^\s]{1,128}$/),
    runtime: oneOf("nodejs22.x", "nodejs24.x"),
    architectures: (value) => (value as string[]).every((each) => ["arm64", "x86_64"].includes(each)),
    memorySize: whole(128, 10_240),
    timeout: whole(1, 900),
    role: ARN,
    environment: (value) => json(4096)((value as Inputs).variables, {}),
    loggingConfig: (value) => ["JSON", "Text"].includes(`${(value as Inputs).logFormat}`),
    tracingConfig: (value) => ["Active", "PassThrough"].includes(`${(value as Inputs).mode}`),
    vpcConfig: (value) => (value as { subnetIds: string[] }).subnetIds.length <= 16,
  },
  "aws:lambda/permission:Permission": {
    action: text(/^lambda:(\*|[a-zA-Z]+)$/),
    function: text(/^.{1,140}$/),
    principal: text(/^[\w.]+$/),
    sourceArn: text(/^arn:aws[\w-]*:execute-api:\S+$/),
  },
  "aws:route53/record:Record": {
    zoneId: required,
    name: text(/^.{1,255}$/),
    type: oneOf("A", "AAAA", "CNAME", "TXT"),
    ttl: optional(whole(0, 2_147_483_647)),
    // A record has either values or an alias.
    records: (value, { aliases }) => !value !== !aliases,
    aliases: anything,
    allowOverwrite: anything,
  },
  "aws:sns/topic:Topic": {},
  "aws:sns/topicSubscription:TopicSubscription": {
    topic: ARN,
    protocol: oneOf("email", "sqs", "lambda", "https"),
    endpoint: text(/^[^\s@]+@[^\s@]+$/),
  },
};

/** What AWS would refuse of a resource, in words. */
export function refusals({
  type,
  name,
  inputs,
}: Pick<Resource<Inputs>, "type" | "name" | "inputs">): string[] {
  const known = limits[type];
  const label = `${type} ${name}`;
  if (!known) return [`${label}: its limits are not in tests/support/limits.ts`];
  const unknown = Object.keys(inputs).filter(
    (key) => key !== "tags" && inputs[key] !== undefined && !known[key],
  );
  const refused = Object.entries(known).filter(([key, check]) => !check(inputs[key], inputs));
  const tags = Object.entries((inputs.tags ?? {}) as Record<string, string>);
  return [
    ...unknown.map((key) => `${label}: ${key} is not a known property`),
    ...refused.map(([key]) => `${label}: ${key} is ${JSON.stringify(inputs[key])}`),
    ...(tags.some(([key, value]) => key.length > 128 || value.length > 256) ? [`${label}: tags`] : []),
    // Pulumi appends eight characters.
    ...(name.length + 8 > 64 ? [`${label}: a name of ${name.length + 8} characters`] : []),
  ];
}
