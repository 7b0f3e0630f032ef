import { strict as assert } from "node:assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../run";
import { createProject, page } from "./support/project";

describe("a program in Pulumi's usual style", function () {
  this.timeout(120_000);

  it("passes secrets, resources and unknown data sources as inputs", async () => {
    const folder = createProject();
    const program = page["index.ts"]
      .replace(
        "timeout: 10,",
        "timeout: 10, environment: { variables: { KEY: pulumi.secret('hidden'), PLAIN: 'plain' } },",
      )
      .replace("function: page.name", "function: page")
      .replace("sent ?? ", "sent ?? process.env.KEY + process.env.PLAIN + ");
    const more = `
      new aws.iam.RolePolicyAttachment("a", { role, policyArn: aws.iam.ManagedPolicy.AWSLambdaBasicExecutionRole });
      export const found = pulumi.all([aws.getCallerIdentityOutput().accountId, aws.getAvailabilityZonesOutput().names,
        aws.getRegionOutput().region, aws.getPartitionOutput().partition]);
      export const image = aws.ec2.getAmiOutput({ mostRecent: true }).id;
      export const shared = new pulumi.StackReference("org/network/dev").getOutput("vpc");`;
    writeFileSync(join(folder, "index.ts"), program + more);
    const running = await run({ folder, stack: "dev", port: 0 });
    assert.equal(await (await fetch(String(running.outputs.url))).text(), "hiddenplainhello one");
    const zones = ["a", "b", "c"].map((zone) => `us-east-1${zone}`);
    assert.deepEqual(running.outputs.found, ["000000000000", zones, "us-east-1", "aws"]);
    assert.deepEqual(
      running.notEmulated.filter((what) => !what.startsWith("Role")),
      ["StackReference", "getAmi"],
    );
    await running.close();
  });
});
