import { strict as assert } from "node:assert";
import { type Evaluation, evaluate, tags } from "./support/evaluate";

describe("the custom domain", () => {
  let program: Evaluation;

  before(async () => {
    program = await evaluate({ domainName: "www.example.com", hostedZoneId: "Z1" });
  });

  it("has a certificate, validated by a DNS record in the hosted zone", () => {
    assert.deepEqual(program.inputs("aws:acm/certificate:Certificate", "domain"), {
      domainName: "www.example.com",
      validationMethod: "DNS",
      tags,
    });
    assert.deepEqual(program.inputs("aws:route53/record:Record", "proof"), {
      zoneId: "Z1",
      name: "_proof.test",
      type: "CNAME",
      records: ["proof.acm.test"],
      ttl: 300,
      allowOverwrite: true,
    });
    assert.deepEqual(program.inputs("aws:acm/certificateValidation:CertificateValidation", "domain"), {
      certificateArn: "arn:certificate",
      validationRecordFqdns: ["_proof.test."],
    });
  });

  it("requires TLS 1.2 and uses the validated certificate", () => {
    assert.deepEqual(program.inputs("aws:apigatewayv2/domainName:DomainName", "domain"), {
      domainName: "www.example.com",
      domainNameConfiguration: {
        certificateArn: "arn:validated",
        endpointType: "REGIONAL",
        securityPolicy: "TLS_1_2",
      },
      tags,
    });
  });

  it("is mapped to the API's stage", () => {
    assert.deepEqual(program.inputs("aws:apigatewayv2/apiMapping:ApiMapping", "domain"), {
      apiId: "api1",
      stage: "$default",
      domainName: "www.example.com",
    });
    assert.deepEqual(program.inputs("aws:route53/record:Record", "domain"), {
      zoneId: "Z1",
      name: "www.example.com",
      type: "A",
      aliases: [{ name: "d.api.test", zoneId: "ZAPI", evaluateTargetHealth: false }],
    });
  });

  it("gets its DNS record after the mapping exists", async () => {
    const dependencies = await program.registration("aws:route53/record:Record", "domain").dependencies();
    assert.ok(dependencies.includes("aws:apigatewayv2/apiMapping:ApiMapping domain"), `${dependencies}`);
  });

  it("keeps the API's default endpoint open until disableExecuteApiEndpoint closes it", async () => {
    const isDisabled = ({ inputs }: Evaluation) =>
      inputs("aws:apigatewayv2/api:Api", "sessions").disableExecuteApiEndpoint;
    assert.equal(isDisabled(program), false);
    const settings = { domainName: "www.example.com", hostedZoneId: "Z1", disableExecuteApiEndpoint: "true" };
    assert.equal(isDisabled(await evaluate(settings)), true);
  });

  it("requires a public hosted zone that contains it", async () => {
    const evaluateInZone = (zone: object) => {
      const provider = { "aws:route53/getZone:getZone": () => ({ outputs: { ...zone } }) };
      return evaluate({ domainName: "www.example.com", hostedZoneId: "Z1" }, { provider });
    };
    await evaluateInZone({ name: "www.example.com", privateZone: false });
    await evaluateInZone({ name: "example.com", privateZone: false });
    await assert.rejects(
      evaluateInZone({ name: "ample.com", privateZone: false }),
      /zone Z1 is for ample\.com/,
    );
    await assert.rejects(evaluateInZone({ name: "example.com", privateZone: true }), /zone Z1 is private/);
  });

  it("is the stack's URL", () => {
    assert.equal(program.outputs.url, "https://www.example.com/");
  });
});
