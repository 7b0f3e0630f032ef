import { strict as assert } from "node:assert";
import { type Evaluation, evaluate, everyOption } from "./support/evaluate";

describe("the custom domain", () => {
  let program: Evaluation;

  before(async () => {
    program = await evaluate(everyOption);
  });

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
    const dependencies = await program.registration("Record domain").dependencies();
    assert.ok(dependencies.includes("ApiMapping domain"));
    assert.equal(program.outputs.url, "https://www.example.com/");
  });

  it("leaves the API's default endpoint open until disableExecuteApiEndpoint closes it", async () => {
    const isClosed = ({ inputs }: Evaluation) => inputs("Api sessions").disableExecuteApiEndpoint;
    assert.deepEqual([isClosed(await evaluate()), isClosed(program)], [false, true]);
  });

  it("requires a public hosted zone that contains it", async () => {
    await assert.rejects(
      evaluate({ ...everyOption, hostedZoneId: "ZOTHER" }),
      /zone ZOTHER is for ample\.com, so .* www\.example\.com\. Correct hostedZoneId\./,
    );
    const inPrivateZone = evaluate({ ...everyOption, hostedZoneId: "ZPRIVATE" });
    await assert.rejects(inPrivateZone, /zone ZPRIVATE is private/);
  });
});
