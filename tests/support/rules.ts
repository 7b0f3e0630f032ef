import type { Resource } from "pulumi-aws-local";

type Inputs = Record<string, unknown>;

/** Finds what is wrong with a resource: a sentence for each violation. */
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

/** Rules that every resource has to follow. */
export const rules: Record<string, Rule> = {
  "no action is a wildcard": ({ inputs }) =>
    allowed(inputs).flatMap(({ Action, NotAction }) => [
      ...list(Action).filter((action) => action.includes("*")),
      ...(NotAction ? ["NotAction"] : []),
    ]),

  "no resource is a wildcard, except where AWS supports nothing narrower": ({ inputs }) =>
    allowed(inputs).flatMap(({ Action, Resource, NotResource }) => {
      if (NotResource) return ["NotResource"];
      const inevitable = list(Action).every((action) => ACTIONS_ON_ANY_RESOURCE.includes(action));
      // At its end an ARN may leave open which part of this one resource is meant: a log group's streams.
      return list(Resource).filter((resource) => /\*/.test(resource.replace(/:\*$/, "")) && !inevitable);
    }),

  "no other table is touched": ({ inputs }) =>
    allowed(inputs).flatMap(({ Action, Resource }) =>
      list(Action).some((action) => action.startsWith("dynamodb:"))
        ? list(Resource).filter((resource) => resource !== "arn:table")
        : [],
    ),

  "no managed policy is attached": ({ type, inputs }) => [
    ...list(inputs.managedPolicyArns as string[] | undefined),
    ...(/Attachment$/.test(type) && inputs.policyArn ? [String(inputs.policyArn)] : []),
  ],

  "a log group has a retention": ({ type, inputs }) =>
    type === "aws:cloudwatch/logGroup:LogGroup" && !inputs.retentionInDays ? ["kept forever"] : [],

  "what takes tags has those of project and stack": ({ takesTags, inputs }) => {
    const { project, stack } = (inputs.tags ?? {}) as Record<string, string>;
    return takesTags && !(project && stack) ? ["not tagged"] : [];
  },

  "a stage lets a limited number of requests through, and some": ({ type, inputs }) => {
    if (type !== "aws:apigatewayv2/stage:Stage") return [];
    const settings = [
      inputs.defaultRouteSettings ?? {},
      ...list(inputs.routeSettings as Inputs[] | undefined),
    ] as Inputs[];
    return settings.flatMap(({ throttlingRateLimit, throttlingBurstLimit }) =>
      Number(throttlingRateLimit) > 0 && Number(throttlingBurstLimit) > 0 ? [] : ["no limits"],
    );
  },

  "nothing is public but the API": ({ type, inputs }) => {
    const found: string[] = [];
    if (type === "aws:lambda/functionUrl:FunctionUrl") found.push("a function URL");
    if (type === "aws:lambda/permission:Permission" && !inputs.sourceArn)
      found.push("a permission for anyone's API");
    if (
      type === "aws:ec2/securityGroup:SecurityGroup" &&
      list(inputs.ingress as Inputs[] | undefined).length > 0
    ) {
      found.push("a way in");
    }
    if (/^aws:ec2\/(internetGateway|natGateway|eip):/.test(type)) found.push("a way to the internet");
    for (const { type: subnet } of list(inputs.subnetSpecs as { type: string }[] | undefined)) {
      if (subnet !== "Isolated") found.push(`a subnet that is ${subnet}`);
    }
    for (const { Principal, Condition } of allowed(inputs)) {
      if (JSON.stringify(Principal ?? "").includes('"*"') && !Condition) found.push("a policy for everyone");
    }
    return found;
  },

  "no secret is in a function's environment": ({ inputs }) => {
    const { variables = {} } = (inputs.environment ?? {}) as { variables?: Record<string, string> };
    return Object.entries(variables).flatMap(([name, value]) =>
      /secret|password|token|credential|private|api_?key/i.test(name) || /^AKIA|-----BEGIN|@/.test(value)
        ? [name]
        : [],
    );
  },

  "no physical name is fixed": ({ type, inputs }) => {
    // These names are not chosen: the default stage's is AWS's, a record's is the domain's.
    if (["aws:apigatewayv2/stage:Stage", "aws:route53/record:Record"].includes(type)) return [];
    const names = ["name", "dashboardName", "bucket", "identifier", "functionName", "tableName"];
    // A name that begins with another resource's generated name is not a fixed one.
    return names.filter((key) => inputs[key] !== undefined && !/^visit-1(\/|$)/.test(`${inputs[key]}`));
  },
};

/** The statements that allow something, of every policy anywhere in a resource's inputs. */
function allowed(value: unknown): Statement[] {
  if (typeof value === "string") return value.startsWith("{") ? allowed(parse(value)) : [];
  if (typeof value !== "object" || value === null) return [];
  const own = "Statement" in value ? list(value.Statement as Statement | Statement[]) : [];
  return [...own.filter(({ Effect }) => Effect === "Allow"), ...Object.values(value).flatMap(allowed)];
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
