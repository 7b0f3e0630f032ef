import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/**
 * Lets the API be reached under a domain name of its own.
 *
 * @param domainName the name, in the hosted zone
 * @param hostedZoneId the Route 53 hosted zone that gets the records: of the name, and of the certificate's proof
 * @returns the URL
 */
export function createDomain(
  domainName: string,
  hostedZoneId: string,
  stage: aws.apigatewayv2.Stage,
): pulumi.Output<string> {
  const certificate = new aws.acm.Certificate("domain", { domainName, validationMethod: "DNS" });
  const proof = certificate.domainValidationOptions.apply(([option]) => {
    if (!option) throw new pulumi.RunError(`The certificate of ${domainName} cannot be validated by DNS.`);
    return option;
  });
  const proofRecord = new aws.route53.Record("proof", {
    zoneId: hostedZoneId,
    name: proof.resourceRecordName,
    type: proof.resourceRecordType,
    records: [proof.resourceRecordValue],
    ttl: 300,
    // A name that had a certificate before has the same record.
    allowOverwrite: true,
  });
  const validation = new aws.acm.CertificateValidation("domain", {
    certificateArn: certificate.arn,
    validationRecordFqdns: [proofRecord.fqdn],
  });

  const domain = new aws.apigatewayv2.DomainName("domain", {
    domainName,
    domainNameConfiguration: {
      certificateArn: validation.certificateArn,
      endpointType: "REGIONAL",
      securityPolicy: "TLS_1_2",
    },
  });
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
      name: domainName,
      type: "A",
      aliases: [{ name: targetDomainName, zoneId: targetZoneId, evaluateTargetHealth: false }],
    },
    { dependsOn: mapping },
  );
  return pulumi.interpolate`https://${alias.name}/`;
}
