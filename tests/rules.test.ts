import { strict as assert } from "node:assert";
import { evaluate, everyOption } from "./support/evaluate";

type Inputs = Record<string, unknown>;

interface Statement {
  Effect: string;
  Action?: string | string[];
  NotAction?: unknown;
  Resource?: string | string[];
  NotResource?: unknown;
  Principal?: unknown;
  Condition?: object;
}

/** A rule for all resources. */
interface Rule {
  /** Returns what is wrong with a resource. */
  find(resource: { type: string; inputs: Inputs; takesTags: boolean }): string[];
  /** Resources that break the rule. */
  broken: [type: string, inputs: Inputs][];
}

// AWS doesn't support resource-level permissions for these actions:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
const NEED_ANY_RESOURCE = [
  ...[
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
  ],
  ...["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"],
  ...["ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"],
];

const list = <T>(value: T | T[] | undefined): T[] => [value ?? []].flat() as T[];

/** All Allow statements in a resource's inputs, at any depth, and in JSON. */
function allowed(value: unknown): Statement[] {
  if (typeof value === "string") return /^\{\s*"/.test(value) ? allowed(JSON.parse(value)) : [];
  if (typeof value !== "object" || value === null) return [];
  const statements = "Statement" in value ? list(value.Statement as Statement | Statement[]) : [];
  return [...statements.filter(({ Effect }) => Effect === "Allow"), ...Object.values(value).flatMap(allowed)];
}

const policy = (statement: object): [string, Inputs] => [
  "aws:iam/policy:Policy",
  { policy: JSON.stringify({ Statement: [{ Effect: "Allow", ...statement }] }) },
];
const STAGE = "aws:apigatewayv2/stage:Stage";
const GROUP = "aws:ec2/securityGroup:SecurityGroup";

const rules: Record<string, Rule> = {
  "allow no action with a wildcard": {
    find: ({ inputs }) =>
      allowed(inputs)
        .flatMap(({ Action, NotAction }) => (NotAction ? ["NotAction *"] : list(Action)))
        .filter((action) => action.includes("*")),
    broken: [
      policy({ Action: ["a:B", "s3:Get*"] }),
      policy({ NotAction: "iam:CreateUser" }),
      ["aws:sqs/queue:Queue", { nested: { policy: { Statement: { Effect: "Allow", Action: "*" } } } }],
    ],
  },
  "allow no resource with a wildcard unless AWS requires it": {
    find: ({ inputs }) =>
      allowed(inputs)
        .filter(({ Action }) => !list(Action).every((action) => NEED_ANY_RESOURCE.includes(action)))
        .flatMap(({ Resource, NotResource }) => (NotResource ? ["NotResource *"] : list(Resource)))
        // At the end of an ARN, it stands for a log group's streams.
        .filter((resource) => resource.replace(/:\*$/, "").includes("*")),
    broken: [
      policy({ Action: ["xray:PutTraceSegments", "s3:GetObject"], Resource: ["*"] }),
      policy({ Action: "logs:PutLogEvents", Resource: "arn:aws:logs:*:*:*" }),
      policy({ Action: "s3:GetObject", NotResource: "arn:x" }),
    ],
  },
  "allow access to no other table": {
    find: ({ inputs }) =>
      allowed(inputs)
        .filter(({ Action }) => list(Action).some((action) => action.startsWith("dynamodb:")))
        .flatMap(({ Resource }) => list(Resource).filter((resource) => resource !== "arn:table")),
    broken: [policy({ Action: "dynamodb:Query", Resource: ["arn:table", "arn:table/index"] })],
  },
  "have tags of their project and stack, if they can": {
    find: ({ takesTags, inputs }) => {
      const { project, stack } = (inputs.tags ?? {}) as Inputs;
      return takesTags && !(project && stack) ? ["not tagged"] : [];
    },
    broken: [
      ["aws:sqs/queue:Queue", {}],
      ["aws:dynamodb/table:Table", { tags: { project: "p" } }],
      ["awsx:ec2:Vpc", { tags: { stack: "s" } }],
    ],
  },
  "are not public, except the API": {
    find: ({ type, inputs }) => [
      ...(/:(FunctionUrl|InternetGateway|NatGateway|Eip)$/.test(type) ? [type] : []),
      ...(/:Permission$/.test(type) && !inputs.sourceArn ? ["a permission without a source ARN"] : []),
      ...(type === GROUP ? list(inputs.ingress).map(() => "an ingress rule") : []),
      ...list(inputs.subnetSpecs as Inputs[]).flatMap(({ type: kind }) =>
        kind === "Isolated" ? [] : [`${kind}`],
      ),
      ...allowed(inputs).flatMap(({ Principal, Condition }) =>
        JSON.stringify(Principal)?.includes('"*"') && !Condition ? ["any principal"] : [],
      ),
    ],
    broken: [
      ["aws:lambda/functionUrl:FunctionUrl", {}],
      ["aws:lambda/permission:Permission", { principal: "apigateway.amazonaws.com" }],
      [GROUP, { ingress: [{ cidrBlocks: ["0.0.0.0/0"] }] }],
      ["awsx:ec2:Vpc", { subnetSpecs: [{ type: "Public" }] }],
      policy({ Principal: { AWS: "*" }, Action: "sqs:SendMessage", Resource: "arn:x" }),
    ],
  },
  "have names that don't clash with another stack's": {
    find: ({ type, inputs }) => {
      // AWS defines the name of the default stage, and the domain that of a record.
      if (type === STAGE || type === "aws:route53/record:Record") return [];
      const names = ["name", "dashboardName", "bucket", "identifier", "functionName", "tableName"];
      // A name that starts with the function's generated name is unique.
      return names.filter((key) => inputs[key] !== undefined && !/^visit-1(\/|$)/.test(`${inputs[key]}`));
    },
    broken: [
      ["aws:dynamodb/table:Table", { name: "sessions" }],
      ["aws:cloudwatch/dashboard:Dashboard", { dashboardName: "sessions" }],
    ],
  },
};

describe("all resources", () => {
  const stacks = {
    "by default": () => evaluate(),
    "with every option": () => evaluate(everyOption),
    "in the stack prod": () => evaluate({}, { stack: "prod" }),
  };
  for (const [rule, { find, broken }] of Object.entries(rules)) {
    it(rule, async () => {
      for (const [when, evaluateStack] of Object.entries(stacks)) {
        const { resources, registration } = await evaluateStack();
        for (const { type, name, inputs } of resources) {
          const { takesTags } = registration(type, name);
          assert.deepEqual(find({ type, inputs, takesTags }), [], `${type} ${name} ${when}`);
        }
      }
      for (const [type, inputs] of broken) {
        const what = `finds no problem in ${type} ${JSON.stringify(inputs)}`;
        assert.notDeepEqual(find({ type, inputs, takesTags: true }), [], what);
      }
    });
  }

  it("keep e-mail addresses out of the stack's outputs", async () => {
    const { outputs } = await evaluate(everyOption);
    assert.ok(!JSON.stringify(outputs).includes("@example"));
  });
});
