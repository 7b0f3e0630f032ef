import { strict as assert } from "node:assert";
import { type Evaluation, evaluate, tags } from "./support/evaluate";

describe("the custom domain", () => {
  let program: Evaluation;

  before(async () => {
    program = await evaluate({ domainName: "www.example.com", hostedZoneId: "Z1" });
  });

  it("has a certificate that is validated by a record in the hosted zone", () => {
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

  it("speaks TLS 1.2 with that certificate once it is valid", () => {
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

  it("leads to the API's stage", () => {
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

  it("is announced once it leads somewhere", async () => {
    const needed = await program.declared("aws:route53/record:Record", "domain").dependencies();
    assert.ok(needed.includes("aws:apigatewayv2/apiMapping:ApiMapping domain"), `${needed}`);
  });

  it("leaves the API's own address open, for visitors who come while it is set up, until a setting closes it", async () => {
    const isClosed = ({ inputs }: Evaluation) =>
      inputs("aws:apigatewayv2/api:Api", "sessions").disableExecuteApiEndpoint;
    assert.equal(isClosed(program), false);
    const settings = { domainName: "www.example.com", hostedZoneId: "Z1", disableExecuteApiEndpoint: "true" };
    assert.equal(isClosed(await evaluate(settings)), true);
  });

  it("needs the public zone in which it is", async () => {
    const inZone = (zone: object) => {
      const provider = { "aws:route53/getZone:getZone": () => ({ outputs: { ...zone } }) };
      return evaluate({ domainName: "www.example.com", hostedZoneId: "Z1" }, { provider });
    };
    await inZone({ name: "www.example.com", privateZone: false });
    await inZone({ name: "example.com", privateZone: false });
    await assert.rejects(inZone({ name: "ample.com", privateZone: false }), /zone Z1 is for ample\.com/);
    await assert.rejects(inZone({ name: "example.com", privateZone: true }), /zone Z1 is private/);
  });

  it("is the URL", () => {
    assert.equal(program.outputs.url, "https://www.example.com/");
  });
});
