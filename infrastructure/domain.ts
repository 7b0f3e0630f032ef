import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** A domain name with its certificate, which leads to an API's stage. */
export class Domain extends pulumi.ComponentResource {
  readonly domainName: aws.apigatewayv2.DomainName;
  private readonly hostedZoneId: string;

  /**
   * @param domainName the name, in the hosted zone
   * @param hostedZoneId the public Route 53 hosted zone that gets the name's record and that of the certificate's proof
   */
  constructor(
    name: string,
    { domainName, hostedZoneId }: { domainName: string; hostedZoneId: string },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("sessions:infrastructure:Domain", name, {}, opts);
    this.hostedZoneId = hostedZoneId;
    const parent = { parent: this };
    // In the wrong zone, validation hangs for over an hour.
    const zoneId = aws.route53
      .getZoneOutput({ zoneId: hostedZoneId }, parent)
      .apply(({ name, privateZone }) => {
        if (privateZone || (name && !`.${domainName}`.endsWith(`.${name}`))) {
          const zone = `The hosted zone ${hostedZoneId} is ${privateZone ? "private" : `for ${name}`}`;
          throw new pulumi.RunError(
            `${zone}, and so cannot prove that ${domainName} is yours: see hostedZoneId.`,
          );
        }
        return hostedZoneId;
      });
    const certificate = new aws.acm.Certificate("domain", { domainName, validationMethod: "DNS" }, parent);
    const proof = certificate.domainValidationOptions.apply(([option]) => {
      if (!option) throw new pulumi.RunError(`The certificate of ${domainName} cannot be validated by DNS.`);
      return option;
    });
    const proofRecord = new aws.route53.Record(
      "proof",
      {
        zoneId,
        name: proof.resourceRecordName,
        type: proof.resourceRecordType,
        records: [proof.resourceRecordValue],
        ttl: 300,
        // All certificates that an account has for a name share this record, an earlier one's or a later one's.
        allowOverwrite: true,
      },
      { ...parent, retainOnDelete: true },
    );
    const validation = new aws.acm.CertificateValidation(
      "domain",
      {
        certificateArn: certificate.arn,
        validationRecordFqdns: [proofRecord.fqdn],
      },
      parent,
    );

    this.domainName = new aws.apigatewayv2.DomainName(
      "domain",
      {
        domainName,
        domainNameConfiguration: {
          certificateArn: validation.certificateArn,
          endpointType: "REGIONAL",
          securityPolicy: "TLS_1_2",
        },
      },
      parent,
    );
  }

  /**
   * Maps the name to a stage. A method, because the API, which the stage is of, waits for the name.
   *
   * @returns the URL
   */
  leadTo(stage: aws.apigatewayv2.Stage): pulumi.Output<string> {
    const { domainName } = this;
    const parent = { parent: this };
    const mapping = new aws.apigatewayv2.ApiMapping(
      "domain",
      {
        apiId: stage.apiId,
        stage: stage.name,
        domainName: domainName.domainName,
      },
      parent,
    );
    const { targetDomainName, hostedZoneId: targetZoneId } = domainName.domainNameConfiguration;
    const alias = new aws.route53.Record(
      "domain",
      {
        zoneId: this.hostedZoneId,
        name: domainName.domainName,
        type: "A",
        aliases: [{ name: targetDomainName, zoneId: targetZoneId, evaluateTargetHealth: false }],
      },
      { ...parent, dependsOn: mapping },
    );
    const url = pulumi.interpolate`https://${alias.name}/`;
    this.registerOutputs({ url });
    return url;
  }
}
