import { strict as assert } from "node:assert";
import { type Evaluation, evaluate } from "./support/evaluate";
import { rules } from "./support/rules";

describe("the rules for all resources", () => {
  const stacks: Record<string, Record<string, string>> = {
    "no optional parts": {},
    "a private network": { privateNetwork: "true" },
    "a custom domain": { domainName: "www.example.com", hostedZoneId: "Z1" },
    tracing: { tracing: "true" },
    "alarms by e-mail": { alarmEmail: "ops@example.org" },
    "all optional parts": {
      privateNetwork: "true",
      domainName: "www.example.com",
      hostedZoneId: "Z1",
      tracing: "true",
      alarmEmail: "ops@example.org",
      protectData: "true",
    },
  };
  function assertNoViolations({ resources, outputs, registration }: Evaluation): void {
    const violations = resources.flatMap((resource) =>
      Object.entries(rules).flatMap(([rule, find]) =>
        find({ ...resource, takesTags: registration(resource.type, resource.name).takesTags }).map(
          (found) => `${resource.type} ${resource.name}: ${rule}: ${found}`,
        ),
      ),
    );
    assert.deepEqual(violations, []);
    assert.ok(!JSON.stringify(outputs).includes("@example"), "the outputs contain an e-mail address");
  }

  for (const [what, settings] of Object.entries(stacks)) {
    it(`are met by a stack with ${what}`, async () => assertNoViolations(await evaluate(settings)));
  }

  it("are met by the stack prod", async () => assertNoViolations(await evaluate({}, { stack: "prod" })));

  const allow = (statement: object) => ({
    policy: JSON.stringify({ Statement: [{ Effect: "Allow", ...statement }] }),
  });
  const examples: Record<keyof typeof rules, [type: string, inputs: Record<string, unknown>][]> = {
    "no action contains a wildcard": [
      ["aws:iam/policy:Policy", allow({ Action: "dynamodb:*", Resource: "arn:table" })],
      ["aws:iam/policy:Policy", allow({ Action: ["a:B", "s3:Get*"], Resource: "arn:x" })],
      ["aws:iam/policy:Policy", allow({ NotAction: "iam:*", Resource: "arn:x" })],
      ["aws:sqs/queue:Queue", { nested: { policy: { Statement: { Effect: "Allow", Action: "*" } } } }],
    ],
    "no wildcard is used as a resource unless AWS requires it": [
      ["aws:iam/policy:Policy", allow({ Action: "sqs:SendMessage", Resource: "*" })],
      [
        "aws:iam/policy:Policy",
        allow({ Action: ["xray:PutTraceSegments", "s3:GetObject"], Resource: ["*"] }),
      ],
      ["aws:iam/policy:Policy", allow({ Action: "logs:PutLogEvents", Resource: "arn:aws:logs:*:*:*" })],
      ["aws:iam/policy:Policy", allow({ Action: "s3:GetObject", NotResource: "arn:x" })],
    ],
    "no other table is accessible": [
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
    "log groups have a retention period": [["aws:cloudwatch/logGroup:LogGroup", {}]],
    "every taggable resource is tagged with project and stack": [
      ["aws:sqs/queue:Queue", {}],
      ["aws:dynamodb/table:Table", { tags: { project: "p" } }],
      ["awsx:ec2:Vpc", { tags: { stack: "s" } }],
    ],
    "stages have throttling limits above 0": [
      ["aws:apigatewayv2/stage:Stage", {}],
      ["aws:apigatewayv2/stage:Stage", { defaultRouteSettings: { throttlingRateLimit: 10 } }],
      [
        "aws:apigatewayv2/stage:Stage",
        { defaultRouteSettings: { throttlingRateLimit: 0, throttlingBurstLimit: 5 } },
      ],
    ],
    "nothing but the API is public": [
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
    "function environments contain no secrets": [
      ["aws:lambda/function:Function", { environment: { variables: { DB_PASSWORD: "x" } } }],
      ["aws:lambda/function:Function", { environment: { variables: { SOMETHING: "AKIAIOSFODNN7EXAMPLE" } } }],
    ],
    "no physical name is hard-coded": [
      ["aws:dynamodb/table:Table", { name: "sessions" }],
      ["aws:cloudwatch/dashboard:Dashboard", { dashboardName: "sessions" }],
    ],
  };
  for (const [rule, find] of Object.entries(rules)) {
    it(`detect violations: ${rule}`, () => {
      const violating = examples[rule] ?? [];
      assert.ok(violating.length > 0);
      for (const [type, inputs] of violating) {
        assert.notDeepEqual(
          find({ type, name: "example", inputs, takesTags: true }),
          [],
          `${type} ${JSON.stringify(inputs)}`,
        );
      }
    });
  }
});
