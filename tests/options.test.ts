import { strict as assert } from "node:assert";
import { type Evaluation, evaluate, everyOption } from "./support/evaluate";

describe("with every option,", () => {
  let program: Evaluation;

  before(async () => {
    program = await evaluate(everyOption);
  });

  describe("the private network", () => {
    it("contains the function, has no way to the internet, and lets it find DynamoDB's endpoint", () => {
      assert.deepEqual(program.inputs("Function visit").vpcConfig, {
        subnetIds: ["subnet-00000001", "subnet-00000002"],
        securityGroupIds: ["sg-00000001"],
      });
      const { enableDnsHostnames, subnetSpecs, natGateways } = program.inputs("Vpc sessions");
      assert.ok(enableDnsHostnames);
      assert.deepEqual([subnetSpecs, natGateways], [[{ type: "Isolated" }], { strategy: "None" }]);
    });

    it("lets only this function use only this table through the DynamoDB endpoint", () => {
      const { policy, tags, ...inputs } = program.inputs("VpcEndpoint dynamodb");
      assert.deepEqual(inputs, {
        vpcId: "vpc-00000001",
        vpcEndpointType: "Gateway",
        serviceName: "com.amazonaws.us-east-1.dynamodb",
        routeTableIds: ["table1", "table2"],
      });
      const { Statement: ofRole } = program.inputs("RolePolicy visit").policy as {
        Statement: [object];
      };
      const Condition = { ArnEquals: { "aws:PrincipalArn": "arn:aws:iam::000000000000:role/visit" } };
      assert.deepEqual(JSON.parse(String(policy)), {
        Version: "2012-10-17",
        Statement: [{ ...ofRole[0], Principal: "*", Condition }],
      });
    });

    it("lets the function only make HTTPS connections to DynamoDB, and nobody connect to it", () => {
      const { vpcId, ingress, egress } = program.inputs("SecurityGroup visit");
      const [{ description, ...rule }] = egress as [Record<string, unknown>];
      assert.deepEqual(
        { vpcId, ingress, rules: (egress as unknown[]).length },
        { vpcId: "vpc-00000001", ingress: [], rules: 1 },
      );
      assert.deepEqual(rule, { protocol: "tcp", fromPort: 443, toPort: 443, prefixListIds: ["pl-dynamodb"] });
    });

    it("lets Lambda, but not the function's code, manage network interfaces", () => {
      const { role, policy } = program.inputs("RolePolicy network");
      const { Statement } = policy as { Statement: { Action: string[] }[] };
      const [{ Action } = { Action: [] }] = Statement;
      // Each creates, finds or deletes what another needs.
      assert.deepEqual([role, Action.length], ["role1", 6]);
      const Condition = { Null: { "lambda:SourceFunctionArn": "false" } };
      assert.deepEqual(Statement, [
        { Effect: "Allow", Action, Resource: "*" },
        { Effect: "Deny", Action, Resource: "*", Condition },
      ]);
    });

    it("deletes that policy only after the security group, when no network interfaces are left", async () => {
      const group = program.registration("SecurityGroup visit");
      assert.ok((await group.dependencies()).includes("RolePolicy network"));
    });
  });

  describe("the custom domain", () => {
    it("has a certificate, valid before its use, whose DNS record stays for others of this name", () => {
      const { ttl, ...record } = program.inputs("Record proof");
      assert.deepEqual(record, {
        zoneId: "Z1",
        name: "_proof",
        type: "CNAME",
        records: ["proof.test"],
        allowOverwrite: true,
      });
      assert.ok(program.registration("Record proof").retainOnDelete);
      const { domainNameConfiguration } = program.inputs("DomainName domain");
      const { certificateArn } = domainNameConfiguration as { certificateArn: string };
      assert.equal(certificateArn, "arn:aws:acm:us-east-1:000000000000:certificate/1");
    });

    it("leads to the API's stage, once the mapping exists", async () => {
      assert.deepEqual(program.inputs("ApiMapping domain"), {
        apiId: "api1",
        stage: "$default",
        domainName: "www.example.com",
      });
      assert.deepEqual(program.inputs("Record domain"), {
        zoneId: "Z1",
        name: "www.example.com",
        type: "A",
        aliases: [{ name: "d.api.test", zoneId: "ZAPI", evaluateTargetHealth: false }],
      });
      const dependenciesOf = (label: string) => program.registration(label).dependencies();
      assert.ok((await dependenciesOf("ApiMapping domain")).includes("DomainName domain"));
      assert.ok((await dependenciesOf("Record domain")).includes("ApiMapping domain"));
      assert.equal(program.outputs.url, "https://www.example.com/");
    });

    it("leaves the API's default endpoint open until disableExecuteApiEndpoint closes it", async () => {
      const isClosed = ({ inputs }: Evaluation) => inputs("Api sessions").disableExecuteApiEndpoint;
      assert.deepEqual([isClosed(await evaluate()), isClosed(program)], [false, true]);
    });

    it("requires a public hosted zone that contains it", async () => {
      await evaluate({ ...everyOption, hostedZoneId: "ZAPEX" });
      await assert.rejects(
        evaluate({ ...everyOption, hostedZoneId: "ZOTHER" }),
        /zone ZOTHER is for ample\.com, so .* www\.example\.com\. Correct hostedZoneId\./,
      );
      const inPrivateZone = evaluate({ ...everyOption, hostedZoneId: "ZPRIVATE" });
      await assert.rejects(inPrivateZone, /zone ZPRIVATE is private/);
    });
  });
});
