import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

const table = (name: string, index: string) =>
  new aws.dynamodb.Table(name, {
    hashKey: "id",
    attributes: [
      { name: "id", type: "S" },
      { name: index, type: "S" },
    ],
    globalSecondaryIndexes: [{ name: index, hashKey: index, projectionType: "ALL" }],
    billingMode: "PAY_PER_REQUEST",
    deletionProtectionEnabled: true,
  });
const orders = table("orders", "customer");
const customers = table("customers", "email");

const role = (name: string) =>
  new aws.iam.Role(name, {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "lambda.amazonaws.com" }),
  });
const ordersRole = role("orders");

new aws.iam.RolePolicy("orders", {
  role: ordersRole.id,
  policy: {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "dynamodb:Put*", Resource: orders.arn }],
  },
});
const readers = new aws.iam.Policy("readers", {
  path: "/shop/",
  policy: pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: ["dynamodb:GetItem", "dynamodb:Query"], Resource: "*" },
      { Effect: "Deny", Action: "dynamodb:*", Resource: pulumi.interpolate`${customers.arn}*` },
    ],
  }),
});
new aws.iam.RolePolicyAttachment("readers", { role: ordersRole.name, policyArn: readers.arn });

const code = new pulumi.asset.FileArchive(__dirname);
const ordersFunction = new aws.lambda.Function("orders", {
  code,
  handler: "orders.handler",
  runtime: "nodejs24.x",
  timeout: 10,
  role: ordersRole.arn,
  environment: { variables: { ORDERS: orders.name, DENIED: customers.name } },
});
const echo = new aws.lambda.Function("echo", {
  code,
  handler: "echo.handler",
  runtime: "nodejs24.x",
  timeout: 5,
  role: role("echo").arn,
  environment: { variables: { GREETING: "hello" } },
  loggingConfig: { logFormat: "JSON", logGroup: "echo-log" },
});

const api = new aws.apigatewayv2.Api("shop", { protocolType: "HTTP" });
const integrate = (name: string, fn: aws.lambda.Function, timeoutMilliseconds?: number) =>
  new aws.apigatewayv2.Integration(name, {
    apiId: api.id,
    integrationType: "AWS_PROXY",
    integrationUri: fn.invokeArn,
    payloadFormatVersion: "2.0",
    timeoutMilliseconds,
  });
const route = (routeKey: string, integration: aws.apigatewayv2.Integration) =>
  new aws.apigatewayv2.Route(routeKey, {
    apiId: api.id,
    routeKey,
    target: pulumi.interpolate`integrations/${integration.id}`,
  });
const ordersIntegration = integrate("orders", ordersFunction);
const echoIntegration = integrate("echo", echo);
route("GET /orders/{call}", ordersIntegration);
route("GET /forbidden", ordersIntegration);
route("GET /items/{id}", echoIntegration);
route("ANY /items/{id}", echoIntegration);
route("ANY /files/{proxy+}", echoIntegration);
route("GET /echo", echoIntegration);
route("POST /echo", echoIntegration);
route("GET /hasty", integrate("hasty", echo, 100));

const permit = (name: string, fn: aws.lambda.Function, path: string) =>
  new aws.lambda.Permission(name, {
    action: "lambda:InvokeFunction",
    function: fn.name,
    principal: "apigateway.amazonaws.com",
    sourceArn: pulumi.interpolate`${api.executionArn}${path}`,
  });
permit("orders", ordersFunction, "/*/GET/orders/*");
permit("echo", echo, "/*/*");

const stage = new aws.apigatewayv2.Stage("default", {
  apiId: api.id,
  name: "$default",
  autoDeploy: true,
});
new aws.apigatewayv2.Stage("slow", {
  apiId: api.id,
  name: "slow",
  autoDeploy: true,
  defaultRouteSettings: { throttlingRateLimit: 1, throttlingBurstLimit: 2 },
});
new aws.apigatewayv2.Stage("closed", {
  apiId: api.id,
  name: "closed",
  autoDeploy: true,
  defaultRouteSettings: { detailedMetricsEnabled: true, throttlingRateLimit: 100 },
});
new aws.sns.Topic("alarms");

export const url = stage.invokeUrl;
