import type { Provider, Resource } from "./resource";

/**
 * The inputs that the local run makes real, or that need nothing to be real (a tag, how long logs are kept), of
 * each type of resource that it knows. What a program declares besides is listed as not emulated.
 */
const emulated: Record<string, string> = {
  "aws:apigatewayv2/api:Api": "name protocolType description",
  "aws:apigatewayv2/integration:Integration":
    "apiId integrationType integrationUri payloadFormatVersion integrationMethod timeoutMilliseconds description",
  "aws:apigatewayv2/route:Route": "apiId routeKey target",
  "aws:apigatewayv2/stage:Stage": "apiId name autoDeploy accessLogSettings description",
  "aws:cloudwatch/logGroup:LogGroup": "name namePrefix retentionInDays",
  "aws:dynamodb/table:Table": "name hashKey rangeKey attributes billingMode ttl",
  "aws:iam/policy:Policy": "name namePrefix policy description path",
  "aws:iam/role:Role": "name namePrefix assumeRolePolicy description",
  "aws:iam/rolePolicy:RolePolicy": "name namePrefix role policy",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "role policyArn",
  "aws:lambda/function:Function":
    "name code handler runtime role memorySize timeout environment loggingConfig publish description architectures",
  "aws:lambda/permission:Permission": "action function principal sourceArn statementId",
};

const emulatedRouteSettings = ["throttlingRateLimit", "throttlingBurstLimit"];

/** What of the resources the local run cannot make real, in words: types, and properties of types it knows. */
export function notEmulated(resources: Resource[]): string[] {
  const missing = new Map<string, number>();
  for (const { type, inputs } of resources) {
    // A component of the program's own only holds others together.
    if (!type.startsWith("aws")) continue;
    const short = type.split(":").pop() ?? type;
    const properties = emulated[type] ? unknownInputs(type, inputs as Record<string, unknown>) : [short];
    for (const property of properties) missing.set(property, (missing.get(property) ?? 0) + 1);
  }
  return [...missing].map(([what, count]) => (count > 1 ? `${what} (${count})` : what)).sort();
}

function unknownInputs(type: string, inputs: Record<string, unknown>): string[] {
  const known = emulated[type]?.split(" ") ?? [];
  const short = type.split(":").pop();
  return Object.entries(inputs).flatMap(([input, value]) => {
    // A policy of AWS's own, whose statements are not known here: it allows nothing.
    if (input === "policyArn" && /^arn:aws:iam::aws:/.test(`${value}`)) return [`${short} of ${value}`];
    if (isUnset(value) || known.includes(input) || input.startsWith("tags")) return [];
    const settings = input === "defaultRouteSettings" ? Object.keys(value as object) : [input];
    return settings.filter((name) => !emulatedRouteSettings.includes(name)).map((name) => `${short}.${name}`);
  });
}

/** Whether an input asks for nothing: it is undefined, off, or an object or list of such. */
const isUnset = (value: unknown): boolean =>
  value === undefined ||
  value === false ||
  (typeof value === "object" && value !== null && Object.values(value).every(isUnset));

/** Outputs with nothing behind them, of resources that are not emulated, for programs that pass them on. */
export const standIns: Provider = {
  // Functions reach DynamoDB without a network.
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
  "aws:acm/certificate:Certificate": ({ inputs: { domainName } }: Resource<{ domainName: string }>) => ({
    outputs: {
      domainValidationOptions: [
        {
          domainName,
          resourceRecordName: `_proof.${domainName}`,
          resourceRecordType: "CNAME",
          resourceRecordValue: "proof.invalid",
        },
      ],
    },
  }),
};
