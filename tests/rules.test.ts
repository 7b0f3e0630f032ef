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

interface Resource {
  type: string;
  inputs: Inputs;
  takesTags: boolean;
  /** All Allow statements in the inputs. */
  allowed: Statement[];
}

// AWS doesn't support resource-level permissions for these actions:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
const NEEDS_ANY_RESOURCE = /^xray:Put|^ec2:(\w+NetworkInterfaces?|DescribeSubnets|\w+PrivateIpAddresses)$/;

const STAGE = "aws:apigatewayv2/stage:Stage";

const list = <T>(value: T | T[] | undefined): T[] => [value ?? []].flat() as T[];

/** All Allow statements in a value, at any depth, and in JSON. */
function findAllowed(value: unknown): Statement[] {
  if (typeof value === "string") return /^\{\s*"/.test(value) ? findAllowed(JSON.parse(value)) : [];
  if (typeof value !== "object" || value === null) return [];
  const statements = "Statement" in value ? list(value.Statement as Statement | Statement[]) : [];
  const here = statements.filter(({ Effect }) => Effect === "Allow");
  return [...here, ...Object.values(value).flatMap(findAllowed)];
}

/** What all resources do. Each function returns how a resource breaks the rule. */
const rules: Record<string, (resource: Resource) => string[]> = {
  "allow no action with a wildcard": ({ allowed }) =>
    allowed
      .flatMap(({ Action, NotAction }) => (NotAction ? ["NotAction *"] : list(Action)))
      .filter((action) => action.includes("*")),

  "allow no resource with a wildcard unless AWS requires it": ({ allowed }) =>
    allowed
      .filter(({ Action }) => !list(Action).every((action) => NEEDS_ANY_RESOURCE.test(action)))
      .flatMap(({ Resource, NotResource }) => (NotResource ? ["NotResource *"] : list(Resource)))
      // At the end of an ARN, it stands for a log group's streams.
      .filter((resource) => resource.replace(/:\*$/, "").includes("*")),

  "allow access to no other table": ({ allowed }) =>
    allowed
      .filter(({ Action }) => list(Action).some((action) => action.startsWith("dynamodb:")))
      .flatMap(({ Resource }) =>
        list(Resource).filter(
          (resource) => resource !== "arn:aws:dynamodb:us-east-1:000000000000:table/sessions",
        ),
      ),

  "allow no access to everyone": ({ allowed }) =>
    allowed
      .filter(({ Principal, Condition }) => JSON.stringify(Principal)?.includes('"*"') && !Condition)
      .map(({ Action }) => `${Action}`),

  "have no other entrance than the API": ({ type, inputs }) => {
    const subnets = list(inputs.subnetSpecs as { type: string }[]).filter(
      (subnet) => subnet.type !== "Isolated",
    );
    const isEntrance = /:(FunctionUrl|InternetGateway|NatGateway|Eip)$/.test(type);
    const isOpen = /:Permission$/.test(type) ? !inputs.sourceArn : list(inputs.ingress).length > 0;
    return isEntrance || isOpen || subnets.length > 0 ? [type] : [];
  },

  "have tags of their project and stack, if they can": ({ takesTags, inputs }) => {
    const { project, stack } = (inputs.tags ?? {}) as Inputs;
    return takesTags && !(project && stack) ? ["not tagged"] : [];
  },

  "have names that don't clash with another stack's": ({ type, inputs }) => {
    // AWS defines the name of the default stage, and the domain that of a record.
    if (type === STAGE || type === "aws:route53/record:Record") return [];
    const names = ["name", "dashboardName", "bucket", "identifier", "functionName", "tableName"];
    // A name that starts with the function's generated name is unique.
    return names.filter((key) => inputs[key] !== undefined && !/^visit-1(\/|$)/.test(`${inputs[key]}`));
  },
};

describe("all resources", () => {
  const stacks = {
    "by default": () => evaluate(),
    "with every option": () => evaluate(everyOption),
    "in the stack prod": () => evaluate({}, { stack: "prod" }),
  };
  for (const [rule, find] of Object.entries(rules)) {
    it(rule, async () => {
      for (const [when, evaluateStack] of Object.entries(stacks)) {
        const { resources, registration } = await evaluateStack();
        for (const { type, name, inputs } of resources) {
          const { takesTags } = registration(type, name);
          const broken = find({ type, inputs, takesTags, allowed: findAllowed(inputs) });
          assert.deepEqual(broken, [], `${type} ${name} ${when}`);
        }
      }
    });
  }

  it("keep e-mail addresses out of the stack's outputs", async () => {
    const { outputs } = await evaluate(everyOption);
    assert.ok(!JSON.stringify(outputs).includes("@example"));
  });
});
