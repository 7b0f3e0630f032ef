import { strict as assert } from "node:assert";
import { writeDocument } from "../iam/document";
import { listUnknown } from "../iam/managed";
import { readPolicy } from "../iam/policy";
import { createIam } from "../iam/provider";
import { useShop } from "./support/shop";

describe("IAM in the local run", () => {
  const shop = useShop();
  const call = async (name: string) => (await fetch(`${shop.url}orders/${name}`)).json();

  it("allows actions of inline and attached policies, and queries of an index", async () => {
    assert.deepEqual(await call("put"), { message: "done" });
    assert.deepEqual(await call("get"), { message: "done" });
    assert.deepEqual((await call("query")).Items, [{ id: { S: "1" }, customer: { S: "2" } }]);
  });

  it("rejects denied actions, even if another statement allows them, with DynamoDB's message", async () => {
    const { name, message } = await call("denied");
    assert.equal(name, "AccessDeniedException");
    assert.match(
      message,
      /assumed-role\/orders-\w{7}\/orders-\w{7} is not authorized to perform: dynamodb:GetItem .* explicit deny/,
    );
  });

  const table = "arn:aws:dynamodb:us-east-1:000000000000:table/a";
  const trust = (service: string) =>
    writeDocument({
      statements: [
        { actions: ["sts:AssumeRole"], principals: [{ type: "Service", identifiers: [service] }] },
      ],
    });

  /** What happens when a function with a role calls UpdateItem. */
  function decide(Statement: object | object[], role: object = {}) {
    const { provider, assume, authorize } = createIam();
    const declare = (type: string, inputs: object) =>
      provider[`aws:iam/${type}`]?.({
        type,
        name: "r",
        physicalName: "r",
        arn: String,
        inputs: { ...inputs },
      });
    declare("role:Role", { assumeRolePolicy: trust("lambda.amazonaws.com"), ...role });
    declare("rolePolicy:RolePolicy", { role: "r", policy: JSON.stringify({ Statement }) });
    const caller = assume("arn:aws:iam::000000000000:role/r", "arn:f") ?? "";
    return authorize(caller, "dynamodb:UpdateItem", table) ? "denied" : "allowed";
  }
  const allow = (Action: string, Resource = "*") => ({ Effect: "Allow", Action, Resource });
  const policy = JSON.stringify({ Statement: allow("*", table) });
  const managed = (name: string) => ({ managedPolicyArns: [`arn:aws:iam::aws:policy/${name}`] });
  // Conditions aren't evaluated.
  const Condition = { IpAddress: { "aws:SourceIp": "a" } };

  const decisions: [what: string, statements: object | object[], decision: string, role?: object][] = [
    ["no statement", [], "denied"],
    ["another action", allow("dynamodb:GetItem", table), "denied"],
    ["another table", allow("dynamodb:UpdateItem", `${table}b`), "denied"],
    ["a pattern with a dot", allow("dynamodb.UpdateItem"), "denied"],
    ["an action in other case with *", allow("DynamoDB:update*", table), "allowed"],
    ["an action with ?", allow("dynamodb:UpdateIte?", "arn:aws:dynamodb:*:*:table/*"), "allowed"],
    ["a condition", { ...allow("*"), Condition }, "allowed"],
    ["a Deny with a condition", [allow("*"), { ...allow("*"), Effect: "Deny", Condition }], "allowed"],
    ["NotAction", { Effect: "Allow", NotAction: "iam:*", Resource: "*" }, "allowed"],
    ["an inline policy", [], "allowed", { inlinePolicies: [{ name: "a", policy }] }],
    ["AWS's full access", [], "allowed", managed("AmazonDynamoDBFullAccess")],
    ["AWS's read access", [], "denied", managed("AmazonDynamoDBReadOnlyAccess")],
    ["AWS's access to logs", [], "denied", managed("service-role/AWSLambdaBasicExecutionRole")],
    ["another policy of AWS", [], "allowed", managed("PowerUserAccess")],
  ];
  for (const [what, statements, decision, role] of decisions) {
    it(`an action is ${decision} by a role with ${what}`, () => {
      assert.equal(decide(statements, role), decision);
    });
  }

  it("allows everything to callers that aren't functions", () => {
    assert.equal(createIam().authorize("local", "dynamodb:UpdateItem", table), undefined);
  });

  it("refuses a statement without one of the two effects", () => {
    assert.throws(() => decide({ ...allow("*"), Effect: "allow" }), /a statement needs an Effect/);
  });

  it("lists conditions and other policies of AWS", () => {
    const statement = { ...allow("*"), Condition };
    assert.deepEqual(readPolicy(JSON.stringify({ Statement: statement })).ignored, [" with Condition"]);
    assert.equal(listUnknown(managed("PowerUserAccess").managedPolicyArns).length, 1);
  });

  it("writes policy documents", () => {
    const conditions = [{ test: "IpAddress", variable: "aws:SourceIp", values: ["a"] }];
    const statements = [{ actions: ["a:B"], resources: ["*"], conditions }];
    const written = JSON.parse(writeDocument({ sourcePolicyDocuments: [policy], statements }));
    const own = { ...allow("*"), Action: ["a:B"], Resource: ["*"] };
    assert.deepEqual(written.Statement, [
      allow("*", table),
      { ...own, Condition: { IpAddress: { "aws:SourceIp": ["a"] } } },
    ]);
  });

  it("refuses functions whose role doesn't trust Lambda", () => {
    const role = { assumeRolePolicy: trust("ec2.amazonaws.com") };
    assert.throws(() => decide([], role), /The role defined for the function cannot be assumed by Lambda\./);
  });
});
