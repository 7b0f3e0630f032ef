import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

type ValidationOption = aws.types.output.acm.CertificateDomainValidationOption;

interface DomainArgs {
  domainName: string;
  /** The id of the name's public hosted zone in Route 53. It gets two records: for the name and its certificate. */
  hostedZoneId: string;
  /** The stage that the name points to. */
  stage: aws.apigatewayv2.Stage;
}

/** A domain name for a stage, with its certificate and DNS records. */
export class Domain extends pulumi.ComponentResource {
  /** Known once the name resolves. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, { domainName, hostedZoneId, stage }: DomainArgs) {
    super("sessions:infrastructure:Domain", name);
    const parent = { parent: this };
    // In the wrong zone, validation hangs for over an hour.
    const zoneId = aws.route53
      .getZoneOutput({ zoneId: hostedZoneId }, parent)
      .apply(({ name, privateZone }) => {
        if (!privateZone && (!name || `.${domainName}`.endsWith(`.${name}`))) return hostedZoneId;
        const zone = `The hosted zone ${hostedZoneId} is ${privateZone ? "private" : `for ${name}`}`;
        throw new pulumi.RunError(
          `${zone}, so it can't validate the certificate for ${domainName}. Correct hostedZoneId.`,
        );
      });

    const certificate = new aws.acm.Certificate("domain", { domainName, validationMethod: "DNS" }, parent);
    const proof = certificate.domainValidationOptions.apply(([option]) => option as ValidationOption);
    const validationRecord = new aws.route53.Record(
      "proof",
      {
        zoneId,
        name: proof.resourceRecordName,
        type: proof.resourceRecordType,
        records: [proof.resourceRecordValue],
        ttl: 300,
        // All certificates for this name in the account share this record.
        allowOverwrite: true,
      },
      { ...parent, retainOnDelete: true },
    );
    const validation = new aws.acm.CertificateValidation(
      "domain",
      { certificateArn: certificate.arn, validationRecordFqdns: [validationRecord.fqdn] },
      parent,
    );

    const { certificateArn } = validation;
    const domain = new aws.apigatewayv2.DomainName(
      "domain",
      {
        domainName,
        domainNameConfiguration: { certificateArn, endpointType: "REGIONAL", securityPolicy: "TLS_1_2" },
      },
      parent,
    );
    const mapping = new aws.apigatewayv2.ApiMapping(
      "domain",
      { apiId: stage.apiId, stage: stage.name, domainName: domain.domainName },
      parent,
    );
    const { targetDomainName, hostedZoneId: targetZoneId } = domain.domainNameConfiguration;
    const alias = new aws.route53.Record(
      "domain",
      {
        zoneId: hostedZoneId,
        name: domain.domainName,
        type: "A",
        aliases: [{ name: targetDomainName, zoneId: targetZoneId, evaluateTargetHealth: false }],
      },
      { ...parent, dependsOn: mapping },
    );
    this.url = pulumi.interpolate`https://${alias.name}/`;
    this.registerOutputs({ url: this.url });
  }
}
