import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { createHandler } from "./handler";
import { bundle } from "./infrastructure/bundle";
import { settings } from "./infrastructure/settings";

// The table: one item a session. No name is fixed, here or below, so that stacks can share an account.
const table = new aws.dynamodb.Table("sessions", {
  hashKey: "session-id",
  attributes: [{ name: "session-id", type: "S" }],
  billingMode: "PAY_PER_REQUEST",
  ttl: { attributeName: "expires-at", enabled: true },
});

// The function, and the little that it may do: write its own log, update this table.
const functionLog = new aws.cloudwatch.LogGroup("visit", {
  retentionInDays: settings.logRetentionDays,
});

const role = new aws.iam.Role("visit", {
  assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "lambda.amazonaws.com" }),
});

const policy = new aws.iam.RolePolicy("visit", {
  role: role.id,
  policy: {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: "dynamodb:UpdateItem", Resource: table.arn },
      {
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: pulumi.interpolate`${functionLog.arn}:*`,
      },
    ],
  },
});

const visit = new aws.lambda.CallbackFunction(
  "visit",
  {
    callbackFactory: createHandler,
    runtime: "nodejs24.x",
    architectures: ["arm64"],
    memorySize: settings.memorySize,
    timeout: 10,
    role,
    environment: {
      variables: {
        TABLE_NAME: table.name,
        COOKIE_NAME: settings.cookieName,
        IDLE_SECONDS: `${settings.idleSeconds}`,
        ABSOLUTE_SECONDS: `${settings.absoluteSeconds}`,
      },
    },
    loggingConfig: { logFormat: "JSON", logGroup: functionLog.name },
  },
  // Without its policy the function would answer its first visits with errors.
  { dependsOn: policy, transformations: [bundle] },
);

// The HTTP API: GET / and nothing else.
const api = new aws.apigatewayv2.Api("sessions", { protocolType: "HTTP" });

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

const stage = new aws.apigatewayv2.Stage(
  "default",
  { apiId: api.id, name: "$default", autoDeploy: true },
  { dependsOn: [route, permission] },
);

export const url = stage.invokeUrl;
export const tableName = table.name;
export const functionName = visit.name;
