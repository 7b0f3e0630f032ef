import { strict as assert } from "node:assert";
import { evaluate, everyOption, labelOf } from "./support/evaluate";

type Inputs = Record<string, unknown>;

interface Statement {
  Effect: string;
  Action?: string | string[];
  Resource?: string | string[];
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

const list = <T>(value: T | T[] | undefined): T[] => [value ?? []].flat() as T[];

/** All Allow statements in a value, at any depth, and in JSON. */
function findAllowed(value: unknown): Statement[] {
  if (typeof value === "string") return /^\{\s*"/.test(value) ? findAllowed(JSON.parse(value)) : [];
  if (typeof value !== "object" || value === null) return [];
  const statements = "Statement" in value ? list(value.Statement as Statement | Statement[]) : [];
  const here = statements.filter(({ Effect }) => Effect === "Allow");
  return [...here, ...Object.values(value).flatMap(findAllowed)];
}

/** What all resources do. Each function returns whether a resource breaks the rule. */
const rules: Record<string, (resource: Resource) => boolean> = {
  "allow only actions that they name": ({ allowed }) =>
    allowed.some(({ Action = "*" }) => list(Action).some((action) => action.includes("*"))),

  "allow no resource with a wildcard unless AWS requires it": ({ allowed }) =>
    allowed
      .filter(({ Action }) => !list(Action).every((action) => NEEDS_ANY_RESOURCE.test(action)))
      // At the end of an ARN, it stands for a log group's streams.
      .some(({ Resource }) => list(Resource).some((resource) => resource.replace(/:\*$/, "").includes("*"))),

  "allow no access to everyone": ({ allowed }) =>
    allowed.some(({ Principal, Condition }) => JSON.stringify(Principal)?.includes('"*"') && !Condition),

  "have no other entrance than the API": ({ type, inputs }) => {
    const isEntrance = /:(FunctionUrl|InternetGateway|NatGateway|Eip)$/.test(type);
    return isEntrance || (/:Permission$/.test(type) ? !inputs.sourceArn : list(inputs.ingress).length > 0);
  },

  "have tags of their project and stack, if they can": ({ takesTags, inputs }) => {
    const { project, stack } = (inputs.tags ?? {}) as Inputs;
    return takesTags && !(project && stack);
  },

  "have names that don't clash with another stack's": ({ type, inputs }) => {
    // AWS defines the name of the default stage, and the domain that of a record.
    if (/:(Stage|Record)$/.test(type)) return false;
    const names = ["name", "dashboardName", "bucket", "identifier", "functionName", "tableName"];
    // A name that starts with the function's generated name is unique.
    return names.some((key) => inputs[key] !== undefined && !/^visit-1(\/|$)/.test(`${inputs[key]}`));
  },
};

describe("all resources", () => {
  for (const [rule, isBroken] of Object.entries(rules)) {
    it(rule, async () => {
      const { resources, registration } = await evaluate(everyOption);
      for (const { type, name, inputs } of resources) {
        const label = labelOf({ type, name });
        const { takesTags } = registration(label);
        assert.ok(!isBroken({ type, inputs, takesTags, allowed: findAllowed(inputs) }), label);
      }
    });
  }
});
