import { strict as assert } from "node:assert";
import { type Evaluation, evaluate } from "./support/evaluate";
import { rules } from "./support/rules";

// Rules for every resource, in every combination of the optional parts that adds or changes resources.
describe("the policies", () => {
  const stacks: Record<string, Record<string, string>> = {
    "nothing optional": {},
    "a private network": { privateNetwork: "true" },
    "a custom domain": { domainName: "www.example.com", hostedZoneId: "Z1" },
    tracing: { tracing: "true" },
    "alarms by e-mail": { alarmEmail: "ops@example.org" },
    "everything optional": {
      privateNetwork: "true",
      domainName: "www.example.com",
      hostedZoneId: "Z1",
      tracing: "true",
      alarmEmail: "ops@example.org",
      protectData: "true",
    },
  };
  function assertPolicies({ resources, outputs, declared }: Evaluation): void {
    const violations = resources.flatMap((resource) =>
      Object.entries(rules).flatMap(([rule, find]) =>
        find({ ...resource, takesTags: declared(resource.type, resource.name).takesTags }).map(
          (found) => `${resource.type} ${resource.name}: ${rule}: ${found}`,
        ),
      ),
    );
    assert.deepEqual(violations, []);
    assert.ok(!JSON.stringify(outputs).includes("@example"), "an e-mail address is in the outputs");
  }

  for (const [what, settings] of Object.entries(stacks)) {
    it(`hold for a stack with ${what}`, async () => assertPolicies(await evaluate(settings)));
  }

  it("hold for the stack prod", async () => assertPolicies(await evaluate({}, { stack: "prod" })));

  const allow = (statement: object) => ({
    policy: JSON.stringify({ Statement: [{ Effect: "Allow", ...statement }] }),
  });
  const violations: Record<keyof typeof rules, [type: string, inputs: Record<string, unknown>][]> = {
    "no action is a wildcard": [
      ["aws:iam/policy:Policy", allow({ Action: "dynamodb:*", Resource: "arn:table" })],
      ["aws:iam/policy:Policy", allow({ Action: ["a:B", "s3:Get*"], Resource: "arn:x" })],
      ["aws:iam/policy:Policy", allow({ NotAction: "iam:*", Resource: "arn:x" })],
      ["aws:sqs/queue:Queue", { nested: { policy: { Statement: { Effect: "Allow", Action: "*" } } } }],
    ],
    "no resource is a wildcard, except where AWS supports nothing narrower": [
      ["aws:iam/policy:Policy", allow({ Action: "sqs:SendMessage", Resource: "*" })],
      [
        "aws:iam/policy:Policy",
        allow({ Action: ["xray:PutTraceSegments", "s3:GetObject"], Resource: ["*"] }),
      ],
      ["aws:iam/policy:Policy", allow({ Action: "logs:PutLogEvents", Resource: "arn:aws:logs:*:*:*" })],
      ["aws:iam/policy:Policy", allow({ Action: "s3:GetObject", NotResource: "arn:x" })],
    ],
    "no other table is touched": [
      ["aws:iam/rolePolicy:RolePolicy", allow({ Action: "dynamodb:GetItem", Resource: "arn:other" })],
      [
        "aws:iam/rolePolicy:RolePolicy",
        allow({ Action: "dynamodb:Query", Resource: ["arn:table", "arn:table/index"] }),
      ],
    ],
    "no managed policy is attached": [
      [
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        { policyArn: "arn:aws:iam::aws:policy/AdministratorAccess" },
      ],
      ["aws:iam/role:Role", { managedPolicyArns: ["arn:aws:iam::aws:policy/AdministratorAccess"] }],
    ],
    "a log group has a retention": [["aws:cloudwatch/logGroup:LogGroup", {}]],
    "what takes tags has those of project and stack": [
      ["aws:sqs/queue:Queue", {}],
      ["aws:dynamodb/table:Table", { tags: { project: "p" } }],
      ["awsx:ec2:Vpc", { tags: { stack: "s" } }],
    ],
    "a stage lets a limited number of requests through, and some": [
      ["aws:apigatewayv2/stage:Stage", {}],
      ["aws:apigatewayv2/stage:Stage", { defaultRouteSettings: { throttlingRateLimit: 10 } }],
      [
        "aws:apigatewayv2/stage:Stage",
        { defaultRouteSettings: { throttlingRateLimit: 0, throttlingBurstLimit: 5 } },
      ],
    ],
    "nothing is public but the API": [
      ["aws:lambda/functionUrl:FunctionUrl", {}],
      ["aws:lambda/permission:Permission", { principal: "apigateway.amazonaws.com" }],
      ["aws:ec2/securityGroup:SecurityGroup", { ingress: [{ cidrBlocks: ["0.0.0.0/0"] }] }],
      ["aws:ec2/internetGateway:InternetGateway", {}],
      ["awsx:ec2:Vpc", { subnetSpecs: [{ type: "Public" }] }],
      [
        "aws:s3/bucketPolicy:BucketPolicy",
        allow({ Principal: "*", Action: "s3:GetObject", Resource: "arn:x" }),
      ],
      [
        "aws:sqs/queuePolicy:QueuePolicy",
        allow({ Principal: { AWS: "*" }, Action: "sqs:A", Resource: "arn:x" }),
      ],
    ],
    "no secret is in a function's environment": [
      ["aws:lambda/function:Function", { environment: { variables: { DB_PASSWORD: "x" } } }],
      ["aws:lambda/function:Function", { environment: { variables: { SOMETHING: "AKIAIOSFODNN7EXAMPLE" } } }],
    ],
    "no physical name is fixed": [
      ["aws:dynamodb/table:Table", { name: "sessions" }],
      ["aws:cloudwatch/dashboard:Dashboard", { dashboardName: "sessions" }],
    ],
  };
  for (const [rule, find] of Object.entries(rules)) {
    it(`find any resource for which it is not so that ${rule}`, () => {
      const examples = violations[rule] ?? [];
      assert.ok(examples.length > 0);
      for (const [type, inputs] of examples) {
        assert.notDeepEqual(
          find({ type, name: "added-later", inputs, takesTags: true }),
          [],
          `${type} ${JSON.stringify(inputs)}`,
        );
      }
    });
  }
});
