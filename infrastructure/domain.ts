import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/**
 * A domain name with its certificate, to which an API can be mapped.
 *
 * @param domainName the name, in the hosted zone
 * @param hostedZoneId the public Route 53 hosted zone that gets the record of the certificate's proof
 */
export function createDomain(domainName: string, hostedZoneId: string): aws.apigatewayv2.DomainName {
  // In another zone AWS would look for the proof for over an hour.
  const zoneId = aws.route53.getZoneOutput({ zoneId: hostedZoneId }).apply(({ name, privateZone }) => {
    if (privateZone || (name && !`.${domainName}`.endsWith(`.${name}`))) {
      const zone = `The hosted zone ${hostedZoneId} is ${privateZone ? "private" : `for ${name}`}`;
      throw new pulumi.RunError(
        `${zone}, and so cannot prove that ${domainName} is yours: see hostedZoneId.`,
      );
    }
    return hostedZoneId;
  });
  const certificate = new aws.acm.Certificate("domain", { domainName, validationMethod: "DNS" });
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
    { retainOnDelete: true },
  );
  const validation = new aws.acm.CertificateValidation("domain", {
    certificateArn: certificate.arn,
    validationRecordFqdns: [proofRecord.fqdn],
  });

  return new aws.apigatewayv2.DomainName("domain", {
    domainName,
    domainNameConfiguration: {
      certificateArn: validation.certificateArn,
      endpointType: "REGIONAL",
      securityPolicy: "TLS_1_2",
    },
  });
}

/**
 * Lets an API's stage be reached under a domain name.
 *
 * @param hostedZoneId the zone that gets the name's record
 * @returns the URL
 */
export function mapDomain(
  domain: aws.apigatewayv2.DomainName,
  hostedZoneId: string,
  stage: aws.apigatewayv2.Stage,
): pulumi.Output<string> {
  const mapping = new aws.apigatewayv2.ApiMapping("domain", {
    apiId: stage.apiId,
    stage: stage.name,
    domainName: domain.domainName,
  });
  const { targetDomainName, hostedZoneId: targetZoneId } = domain.domainNameConfiguration;
  const alias = new aws.route53.Record(
    "domain",
    {
      zoneId: hostedZoneId,
      name: domain.domainName,
      type: "A",
      aliases: [{ name: targetDomainName, zoneId: targetZoneId, evaluateTargetHealth: false }],
    },
    { dependsOn: mapping },
  );
  return pulumi.interpolate`https://${alias.name}/`;
}
