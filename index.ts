import { readFileSync } from "node:fs";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { bundle } from "./infrastructure/bundle";
import { Domain } from "./infrastructure/domain";
import { Monitoring } from "./infrastructure/monitoring";
import { PrivateNetwork } from "./infrastructure/network";
import { readSettings } from "./infrastructure/settings";
import { tagEverything } from "./infrastructure/tags";

const settings = readSettings();
tagEverything();

// The table: an item for each session. "sessions" is its name in this program, where a type and a name occur once;
// AWS gets one with a suffix, here and below, so that stacks can share an account.
const table = new aws.dynamodb.Table(
  "sessions",
  {
    hashKey: "session-id",
    attributes: [{ name: "session-id", type: "S" }],
    billingMode: "PAY_PER_REQUEST",
    ttl: { attributeName: "expires-at", enabled: true },
    serverSideEncryption: { enabled: true },
    pointInTimeRecovery: { enabled: settings.protectData },
    deletionProtectionEnabled: settings.protectData,
  },
  { protect: settings.protectData },
);

// The function, and the little it may do.
const functionLog = new aws.cloudwatch.LogGroup("visit", { retentionInDays: settings.logRetentionDays });

const role = new aws.iam.Role("visit", {
  assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "lambda.amazonaws.com" }),
});

const tableStatement: aws.iam.PolicyStatement = {
  Effect: "Allow",
  Action: ["dynamodb:UpdateItem"],
  Resource: table.arn,
};

const logStatement: aws.iam.PolicyStatement = {
  Effect: "Allow",
  Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
  Resource: pulumi.interpolate`${functionLog.arn}:*`,
};

// X-Ray actions don't support resource-level permissions.
const tracingStatement: aws.iam.PolicyStatement = {
  Effect: "Allow",
  Action: ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
  Resource: "*",
};

const policy = new aws.iam.RolePolicy("visit", {
  role: role.id,
  policy: {
    Version: "2012-10-17",
    Statement: [tableStatement, logStatement, ...(settings.tracing ? [tracingStatement] : [])],
  },
});

const network = settings.privateNetwork
  ? new PrivateNetwork("network", { role, statement: tableStatement })
  : undefined;

const visit = new aws.lambda.CallbackFunction(
  "visit",
  {
    // Lambda calls this once per cold start. Required in here, the handler is bundled as the module that it is; what a
    // callback refers to outside of itself would be evaluated now and serialized.
    callbackFactory: () => (require("./handler") as typeof import("./handler")).createHandler(),
    runtime: "nodejs24.x",
    architectures: ["arm64"],
    memorySize: settings.memorySize,
    timeout: 10,
    role,
    environment: {
      variables: {
        TABLE_NAME: table.name,
        COOKIE_NAME: settings.cookieName,
        ID_FORM: settings.secretIds ? "secret" : "uuid",
        IDLE_SECONDS: `${settings.idleSeconds}`,
        ABSOLUTE_SECONDS: `${settings.absoluteSeconds}`,
      },
    },
    loggingConfig: { logFormat: "JSON", logGroup: functionLog.name },
    tracingConfig: { mode: settings.tracing ? "Active" : "PassThrough" },
    // Empty lists take the function out of a network again; a missing vpcConfig would not (pulumi/pulumi-aws#2580).
    vpcConfig: network?.vpcConfig ?? { subnetIds: [], securityGroupIds: [] },
  },
  // Before it has its policy, the function could answer visits with errors only.
  { dependsOn: policy, transformations: [bundle] },
);

// The HTTP API. What fits none of its routes gets a 404 and never reaches a function.
const api = new aws.apigatewayv2.Api("sessions", {
  protocolType: "HTTP",
  disableExecuteApiEndpoint: settings.disableExecuteApiEndpoint,
});

const integration = new aws.apigatewayv2.Integration("visit", {
  apiId: api.id,
  integrationType: "AWS_PROXY",
  integrationUri: visit.invokeArn,
  payloadFormatVersion: "2.0",
});

const route = new aws.apigatewayv2.Route("visit", {
  apiId: api.id,
  routeKey: "GET /",
  target: pulumi.interpolate`integrations/${integration.id}`,
});

const permission = new aws.lambda.Permission("visit", {
  action: "lambda:InvokeFunction",
  function: visit.name,
  principal: "apigateway.amazonaws.com",
  sourceArn: pulumi.interpolate`${api.executionArn}/*/*`,
});

const accessLog = new aws.cloudwatch.LogGroup("access", {
  // CloudWatch lists log groups like this one in a policy of the account, which holds 5,120 characters. With this
  // prefix one entry serves them all.
  namePrefix: "/aws/vendedlogs/sessions-",
  retentionInDays: settings.logRetentionDays,
});

const stage = new aws.apigatewayv2.Stage(
  "default",
  {
    apiId: api.id,
    name: "$default",
    autoDeploy: true,
    // With only one of the two, AWS takes the other for 0 and lets no request through.
    defaultRouteSettings: {
      throttlingRateLimit: settings.throttlingRateLimit,
      throttlingBurstLimit: settings.throttlingBurstLimit,
    },
    accessLogSettings: {
      destinationArn: accessLog.arn,
      // Nothing of this is a session id or a cookie.
      format: JSON.stringify({
        requestId: "$context.requestId",
        functionRequestId: "$context.integration.requestId",
        time: "$context.requestTime",
        sourceIp: "$context.identity.sourceIp",
        route: "$context.routeKey",
        status: "$context.status",
        latency: "$context.responseLatency",
        integrationLatency: "$context.integrationLatency",
        integrationError: "$context.integrationErrorMessage",
      }),
    },
  },
  { dependsOn: [route, permission] },
);

const { domainName, hostedZoneId, alarmEmail } = settings;
const domain = domainName ? new Domain("domain", { domainName, hostedZoneId, stage }) : undefined;

const monitoring = new Monitoring("monitoring", { api, accessLog, visit, functionLog, table, alarmEmail });

export const url = domain?.url ?? stage.invokeUrl;
export const tableName = table.name;
export const functionName = visit.name;
export const dashboardUrl = monitoring.dashboardUrl;
// The text of the stack's page in Pulumi Cloud, which fills in the outputs.
export const readme = readFileSync(`${__dirname}/Pulumi.README.md`, "utf8");
