import { readFileSync } from "node:fs";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { RouteKey } from "./handler";
import { bundle } from "./infrastructure/bundle";
import { Domain } from "./infrastructure/domain";
import { Monitoring } from "./infrastructure/monitoring";
import { PrivateNetwork } from "./infrastructure/network";
import { readSettings } from "./infrastructure/settings";
import { tagEverything } from "./infrastructure/tags";

const settings = readSettings();
tagEverything();

// The table has an item for each session. Pulumi adds a random suffix to this name, and to those below, so several
// stacks can share an account.
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

// The function and its permissions.
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

const network = settings.privateNetwork ? new PrivateNetwork("network", role, tableStatement) : undefined;

const visit = new aws.lambda.CallbackFunction(
  "visit",
  {
    // Lambda calls this once per cold start. Require modules inside the callback, so that they are bundled unchanged:
    // anything that a callback captures from outside is evaluated during deployment and serialized.
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
        SECRET_IDS: `${settings.secretIds}`,
        IDLE_SECONDS: `${settings.idleSeconds}`,
        ABSOLUTE_SECONDS: `${settings.absoluteSeconds}`,
      },
    },
    loggingConfig: { logFormat: "JSON", logGroup: functionLog.name },
    tracingConfig: { mode: settings.tracing ? "Active" : "PassThrough" },
    // Empty lists take the function out of its network. Without them, it would stay there (pulumi/pulumi-aws#2580).
    vpcConfig: network?.vpcConfig ?? { subnetIds: [], securityGroupIds: [] },
  },
  // Without its policy, the function would fail.
  { dependsOn: policy, transformations: [bundle] },
);

// The HTTP API. Requests that match no route get a 404 and never reach the function.
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

// The functions for these are in handler.ts.
const routeKeys: RouteKey[] = ["GET /"];
const target = pulumi.interpolate`integrations/${integration.id}`;
const routes = routeKeys.map(
  (routeKey) => new aws.apigatewayv2.Route(routeKey, { apiId: api.id, routeKey, target }),
);

const permission = new aws.lambda.Permission("visit", {
  action: "lambda:InvokeFunction",
  function: visit.name,
  principal: "apigateway.amazonaws.com",
  sourceArn: pulumi.interpolate`${api.executionArn}/*/*`,
});

const accessLog = new aws.cloudwatch.LogGroup("access", {
  // CloudWatch Logs adds an API's log groups to a resource policy of at most 5,120 characters. All log groups with this
  // prefix share one entry.
  namePrefix: "/aws/vendedlogs/sessions-",
  retentionInDays: settings.logRetentionDays,
});

const stage = new aws.apigatewayv2.Stage(
  "default",
  {
    apiId: api.id,
    name: "$default",
    autoDeploy: true,
    // Set both: AWS treats a missing limit as 0 and throttles every request.
    defaultRouteSettings: {
      throttlingRateLimit: settings.throttlingRateLimit,
      throttlingBurstLimit: settings.throttlingBurstLimit,
    },
    accessLogSettings: {
      destinationArn: accessLog.arn,
      // None of these fields contain session ids or cookies.
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
  { dependsOn: [...routes, permission] },
);

const { domainName, hostedZoneId, alarmEmail } = settings;
const domain = domainName ? new Domain("domain", { domainName, hostedZoneId, stage }) : undefined;

const monitoring = new Monitoring("monitoring", { api, accessLog, visit, functionLog, table, alarmEmail });

export const url = domain?.url ?? stage.invokeUrl;
export const tableName = table.name;
export const functionName = visit.name;
export const dashboardUrl = monitoring.dashboardUrl;
// Pulumi Cloud shows this on the stack's page, with the outputs filled in.
export const readme = readFileSync(`${__dirname}/infrastructure/stack.md`, "utf8");
