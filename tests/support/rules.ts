import type { Resource } from "pulumi-aws-local";

type Inputs = Record<string, unknown>;

/** Returns a description of each violation. */
export type Rule = (
  resource: Pick<Resource<Inputs>, "type" | "name" | "inputs"> & { takesTags: boolean },
) => string[];

interface Statement {
  Effect: string;
  Action?: string | string[];
  NotAction?: unknown;
  Resource?: string | string[];
  NotResource?: unknown;
  Principal?: string | Record<string, string | string[]>;
  Condition?: object;
}

// AWS doesn't support resource-level permissions for these actions:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
const ACTIONS_ON_ANY_RESOURCE = [
  "xray:PutTelemetryRecords",
  "xray:PutTraceSegments",
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:UnassignPrivateIpAddresses",
];

/** Rules for every resource. */
export const rules: Record<string, Rule> = {
  "no action contains a wildcard": ({ inputs }) =>
    allowStatements(inputs).flatMap(({ Action, NotAction }) => [
      ...list(Action).filter((action) => action.includes("*")),
      ...(NotAction ? ["NotAction"] : []),
    ]),

  "no wildcard is used as a resource unless AWS requires it": ({ inputs }) =>
    allowStatements(inputs).flatMap(({ Action, Resource, NotResource }) => {
      if (NotResource) return ["NotResource"];
      const isRequired = list(Action).every((action) => ACTIONS_ON_ANY_RESOURCE.includes(action));
      // A wildcard at the end of an ARN is fine: it stands for a log group's streams.
      return list(Resource).filter((resource) => /\*/.test(resource.replace(/:\*$/, "")) && !isRequired);
    }),

  "no other table is accessible": ({ inputs }) =>
    allowStatements(inputs).flatMap(({ Action, Resource }) =>
      list(Action).some((action) => action.startsWith("dynamodb:"))
        ? list(Resource).filter((resource) => resource !== "arn:table")
        : [],
    ),

  "no managed policy is attached": ({ type, inputs }) => [
    ...list(inputs.managedPolicyArns as string[] | undefined),
    ...(/Attachment$/.test(type) && inputs.policyArn ? [String(inputs.policyArn)] : []),
  ],

  "log groups have a retention period": ({ type, inputs }) =>
    type === "aws:cloudwatch/logGroup:LogGroup" && !inputs.retentionInDays ? ["no retention period"] : [],

  "every taggable resource is tagged with project and stack": ({ takesTags, inputs }) => {
    const { project, stack } = (inputs.tags ?? {}) as Record<string, string>;
    return takesTags && !(project && stack) ? ["not tagged"] : [];
  },

  "stages have throttling limits above 0": ({ type, inputs }) => {
    if (type !== "aws:apigatewayv2/stage:Stage") return [];
    const settings = [
      inputs.defaultRouteSettings ?? {},
      ...list(inputs.routeSettings as Inputs[] | undefined),
    ] as Inputs[];
    return settings.flatMap(({ throttlingRateLimit, throttlingBurstLimit }) =>
      Number(throttlingRateLimit) > 0 && Number(throttlingBurstLimit) > 0 ? [] : ["no throttling limits"],
    );
  },

  "nothing but the API is public": ({ type, inputs }) => {
    const found: string[] = [];
    if (type === "aws:lambda/functionUrl:FunctionUrl") found.push("a function URL");
    if (type === "aws:lambda/permission:Permission" && !inputs.sourceArn)
      found.push("a permission without a source ARN");
    if (
      type === "aws:ec2/securityGroup:SecurityGroup" &&
      list(inputs.ingress as Inputs[] | undefined).length > 0
    ) {
      found.push("an ingress rule");
    }
    if (/^aws:ec2\/(internetGateway|natGateway|eip):/.test(type)) found.push("internet access");
    for (const { type: subnet } of list(inputs.subnetSpecs as { type: string }[] | undefined)) {
      if (subnet !== "Isolated") found.push(`a subnet of type ${subnet}`);
    }
    for (const { Principal, Condition } of allowStatements(inputs)) {
      if (JSON.stringify(Principal ?? "").includes('"*"') && !Condition)
        found.push("a policy that allows any principal");
    }
    return found;
  },

  "function environments contain no secrets": ({ inputs }) => {
    const { variables = {} } = (inputs.environment ?? {}) as { variables?: Record<string, string> };
    return Object.entries(variables).flatMap(([name, value]) =>
      /secret|password|token|credential|private|api_?key/i.test(name) || /^AKIA|-----BEGIN|@/.test(value)
        ? [name]
        : [],
    );
  },

  "no physical name is hard-coded": ({ type, inputs }) => {
    // AWS defines the name of the default stage, and the domain that of a record.
    if (["aws:apigatewayv2/stage:Stage", "aws:route53/record:Record"].includes(type)) return [];
    const names = ["name", "dashboardName", "bucket", "identifier", "functionName", "tableName"];
    // A name that starts with the function's generated name is unique.
    return names.filter((key) => inputs[key] !== undefined && !/^visit-1(\/|$)/.test(`${inputs[key]}`));
  },
};

/** All Allow statements in a resource's inputs, at any depth. */
function allowStatements(value: unknown): Statement[] {
  if (typeof value === "string") return value.startsWith("{") ? allowStatements(parse(value)) : [];
  if (typeof value !== "object" || value === null) return [];
  const statements = "Statement" in value ? list(value.Statement as Statement | Statement[]) : [];
  return [
    ...statements.filter(({ Effect }) => Effect === "Allow"),
    ...Object.values(value).flatMap(allowStatements),
  ];
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function list<T>(value: T | T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
