import { strict as assert } from "node:assert";
import { evaluate } from "./support/evaluate";

describe("the components", () => {
  const types: Record<string, RegExp> = {
    monitoring: /^aws:(sns|cloudwatch\/(metricAlarm|dashboard|logMetricFilter|queryDefinition))[:/]/,
    network: /^(awsx:ec2:|aws:ec2\/|aws:iam\/rolePolicy:RolePolicy network)/,
    domain: /^aws:(acm|route53|apigatewayv2\/(domainName|apiMapping))[:/]/,
  };
  for (const [component, pattern] of Object.entries(types)) {
    it(`"${component}" is the parent of all its resources`, async () => {
      const optional = { privateNetwork: "true", domainName: "www.example.com", hostedZoneId: "Z1" };
      const { resources, childrenOf } = await evaluate({ ...optional, alarmEmail: "ops@example.org" });
      const expected = resources
        .map(({ type, name }) => `${type} ${name}`)
        .filter((label) => pattern.test(label));
      assert.ok(expected.length > 3, `${expected}`);
      assert.deepEqual(childrenOf(component).sort(), expected.sort());
    });
  }
});
