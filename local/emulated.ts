import type { Resource } from "./deployment";

/**
 * The inputs that the local run makes real, or that need nothing to be real (a tag, how long logs are kept), of
 * each type of resource that it knows. What a program declares besides is listed as not emulated.
 */
const emulated: Record<string, string> = {
  "aws:apigatewayv2/api:Api": "name protocolType description",
  "aws:apigatewayv2/integration:Integration":
    "apiId integrationType integrationUri payloadFormatVersion integrationMethod description",
  "aws:apigatewayv2/route:Route": "apiId routeKey target",
  "aws:apigatewayv2/stage:Stage": "apiId name autoDeploy accessLogSettings description",
  "aws:cloudwatch/logGroup:LogGroup": "name namePrefix retentionInDays",
  "aws:dynamodb/table:Table": "name hashKey rangeKey attributes billingMode ttl",
  "aws:iam/policy:Policy": "name namePrefix policy description path",
  "aws:iam/role:Role": "name namePrefix assumeRolePolicy description",
  "aws:iam/rolePolicy:RolePolicy": "name namePrefix role policy",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "role policyArn",
  "aws:lambda/function:Function":
    "name code handler runtime role memorySize timeout environment loggingConfig publish description architectures",
  "aws:lambda/permission:Permission": "action function principal sourceArn statementId",
};

const emulatedRouteSettings = ["throttlingRateLimit", "throttlingBurstLimit"];

/** What of a resource the local run cannot make real, in words; nothing when it is all there. */
export function notEmulated({ type, name, inputs }: Resource): string[] {
  // A component of the program's own only holds others together.
  if (!type.startsWith("aws")) return [];
  const short = `${type.split(":").pop()} "${name}"`;
  const known = emulated[type]?.split(" ");
  if (!known) return [short];
  const declared = Object.entries(inputs as Record<string, unknown>).filter(
    // Unset, or explicitly off.
    ([input, value]) => value !== undefined && value !== false && !input.startsWith("tags"),
  );
  const others = declared.flatMap(([input, value]) => {
    if (input === "defaultRouteSettings") {
      return Object.keys(value as object).filter((setting) => !emulatedRouteSettings.includes(setting));
    }
    return known.includes(input) ? [] : [input];
  });
  return others.length > 0 ? [`${others.join(", ")} of ${short}`] : [];
}
