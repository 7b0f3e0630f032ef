import { strict as assert } from "node:assert";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { readProject } from "pulumi-aws-local";
import { type Evaluation, evaluate, tags } from "./support/evaluate";
import { copyProject, project } from "./support/project";

describe("the program", () => {
  let program: Evaluation;

  before(async () => {
    program = await evaluate({
      cookieName: "sid",
      idleSeconds: "60",
      absoluteSeconds: "600",
      memorySize: "512",
      throttlingRateLimit: "50",
      throttlingBurstLimit: "70",
    });
  });

  it("declares these resources and no others", () => {
    assert.deepEqual(program.resources.map(({ type, name }) => `${type} ${name}`).sort(), [
      "aws:apigatewayv2/api:Api sessions",
      "aws:apigatewayv2/integration:Integration visit",
      "aws:apigatewayv2/route:Route GET /",
      "aws:apigatewayv2/stage:Stage default",
      "aws:cloudwatch/dashboard:Dashboard dashboard",
      "aws:cloudwatch/logGroup:LogGroup access",
      "aws:cloudwatch/logGroup:LogGroup visit",
      "aws:cloudwatch/logMetricFilter:LogMetricFilter new-sessions",
      "aws:cloudwatch/logMetricFilter:LogMetricFilter store-failures",
      "aws:cloudwatch/logMetricFilter:LogMetricFilter throttled-visits",
      "aws:cloudwatch/metricAlarm:MetricAlarm account-concurrency",
      "aws:cloudwatch/metricAlarm:MetricAlarm api-errors",
      "aws:cloudwatch/metricAlarm:MetricAlarm api-latency",
      "aws:cloudwatch/metricAlarm:MetricAlarm function-errors",
      "aws:cloudwatch/metricAlarm:MetricAlarm function-throttles",
      "aws:cloudwatch/metricAlarm:MetricAlarm store-failures",
      "aws:cloudwatch/metricAlarm:MetricAlarm table-errors",
      "aws:cloudwatch/metricAlarm:MetricAlarm table-throttles",
      "aws:cloudwatch/metricAlarm:MetricAlarm throttled-visits",
      "aws:cloudwatch/queryDefinition:QueryDefinition errors",
      "aws:cloudwatch/queryDefinition:QueryDefinition slow-visits",
      "aws:cloudwatch/queryDefinition:QueryDefinition visits-by-status",
      "aws:dynamodb/table:Table sessions",
      "aws:iam/role:Role visit",
      "aws:iam/rolePolicy:RolePolicy visit",
      "aws:lambda/function:Function visit",
      "aws:lambda/permission:Permission visit",
      "sessions:infrastructure:Monitoring monitoring",
    ]);
  });

  it("stores sessions in an on-demand table with TTL", () => {
    assert.deepEqual(program.inputs("aws:dynamodb/table:Table", "sessions"), {
      hashKey: "session-id",
      attributes: [{ name: "session-id", type: "S" }],
      billingMode: "PAY_PER_REQUEST",
      ttl: { attributeName: "expires-at", enabled: true },
      serverSideEncryption: { enabled: true },
      pointInTimeRecovery: { enabled: false },
      deletionProtectionEnabled: false,
      tags,
    });
  });

  it("protects the data in DynamoDB and in Pulumi, with protectData", async () => {
    const table = ["aws:dynamodb/table:Table", "sessions"] as const;
    assert.equal(program.registration(...table).protect, false);
    const { inputs, registration } = await evaluate({ protectData: "true" });
    assert.deepEqual(inputs(...table).pointInTimeRecovery, { enabled: true });
    assert.equal(inputs(...table).deletionProtectionEnabled, true);
    assert.equal(registration(...table).protect, true);
  });

  it("allows only Lambda to assume the role", () => {
    const { assumeRolePolicy, ...rest } = program.inputs("aws:iam/role:Role", "visit");
    assert.deepEqual(rest, { tags });
    assert.deepEqual((assumeRolePolicy as { Statement: unknown }).Statement, [
      {
        Sid: "AllowAssumeRole",
        Effect: "Allow",
        Principal: { Service: "lambda.amazonaws.com" },
        Action: "sts:AssumeRole",
      },
    ]);
  });

  it("allows the role only to update this table and write to this log", () => {
    const { role, policy } = program.inputs("aws:iam/rolePolicy:RolePolicy", "visit");
    assert.equal(role, "role1");
    assert.deepEqual(policy, {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: ["dynamodb:UpdateItem"], Resource: "arn:table" },
        {
          Effect: "Allow",
          Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
          Resource: "arn:log:visit:*",
        },
      ],
    });
  });

  it("configures the function's role, limits, log and environment", () => {
    const { code, ...inputs } = program.inputs("aws:lambda/function:Function", "visit");
    assert.deepEqual(inputs, {
      handler: "index.handler",
      runtime: "nodejs24.x",
      architectures: ["arm64"],
      memorySize: 512,
      timeout: 10,
      role: "arn:role",
      environment: {
        variables: {
          TABLE_NAME: "sessions-1",
          COOKIE_NAME: "sid",
          SECRET_IDS: "false",
          IDLE_SECONDS: "60",
          ABSOLUTE_SECONDS: "600",
        },
      },
      loggingConfig: { logFormat: "JSON", logGroup: "visit-log" },
      tracingConfig: { mode: "PassThrough" },
      vpcConfig: { subnetIds: [], securityGroupIds: [] },
      tags,
    });
  });

  it("traces the function, and allows it to send traces, with tracing", async () => {
    const { inputs } = await evaluate({ tracing: "true" });
    assert.deepEqual(inputs("aws:lambda/function:Function", "visit").tracingConfig, { mode: "Active" });
    const { policy } = inputs("aws:iam/rolePolicy:RolePolicy", "visit");
    assert.deepEqual((policy as { Statement: unknown[] }).Statement[2], {
      Effect: "Allow",
      Action: ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
      Resource: "*",
    });
  });

  it("retains logs for logRetentionDays", () => {
    assert.deepEqual(program.inputs("aws:cloudwatch/logGroup:LogGroup", "visit"), {
      retentionInDays: 3,
      tags,
    });
    assert.deepEqual(program.inputs("aws:cloudwatch/logGroup:LogGroup", "access"), {
      namePrefix: "/aws/vendedlogs/sessions-",
      retentionInDays: 3,
      tags,
    });
  });

  it("routes GET / to the function in payload format 2.0", () => {
    assert.deepEqual(program.inputs("aws:apigatewayv2/api:Api", "sessions"), {
      protocolType: "HTTP",
      disableExecuteApiEndpoint: false,
      tags,
    });
    assert.deepEqual(program.inputs("aws:apigatewayv2/integration:Integration", "visit"), {
      apiId: "api1",
      integrationType: "AWS_PROXY",
      integrationUri: "arn:invoke",
      payloadFormatVersion: "2.0",
    });
    assert.deepEqual(program.inputs("aws:apigatewayv2/route:Route", "GET /"), {
      apiId: "api1",
      routeKey: "GET /",
      target: "integrations/integration1",
    });
  });

  it("has a $default stage with automatic deployment, throttling limits and an access log", () => {
    const { accessLogSettings, ...inputs } = program.inputs("aws:apigatewayv2/stage:Stage", "default");
    assert.deepEqual(inputs, {
      apiId: "api1",
      name: "$default",
      autoDeploy: true,
      defaultRouteSettings: { throttlingRateLimit: 50, throttlingBurstLimit: 70 },
      tags,
    });
    const { destinationArn, format } = accessLogSettings as { destinationArn: string; format: string };
    assert.equal(destinationArn, "arn:log:access");
    assert.deepEqual(JSON.parse(format), {
      requestId: "$context.requestId",
      functionRequestId: "$context.integration.requestId",
      time: "$context.requestTime",
      sourceIp: "$context.identity.sourceIp",
      route: "$context.routeKey",
      status: "$context.status",
      latency: "$context.responseLatency",
      integrationLatency: "$context.integrationLatency",
      integrationError: "$context.integrationErrorMessage",
    });
  });

  it("allows only this API to invoke the function", () => {
    assert.deepEqual(program.inputs("aws:lambda/permission:Permission", "visit"), {
      action: "lambda:InvokeFunction",
      function: "visit-1",
      principal: "apigateway.amazonaws.com",
      sourceArn: "arn:aws:execute-api:us-east-1:000000000000:api1/*/*",
    });
  });

  it("exports the URL, table name, function name, dashboard URL and readme", () => {
    const { readme, ...outputs } = program.outputs;
    assert.deepEqual(outputs, {
      url: "https://api1.test/",
      tableName: "sessions-1",
      functionName: "visit-1",
      dashboardUrl:
        "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/visit-1",
    });
    const referenced = [...String(readme).matchAll(/\$\{outputs\.(\w+)\}/g)].map(([, name]) => name);
    assert.deepEqual(new Set(referenced), new Set(Object.keys(outputs)));
  });

  it("sends every service that it uses to the emulator, in the stack emulated", async () => {
    const optional = { privateNetwork: "true", tracing: "true", alarmEmail: "ops@example.org" };
    const { resources } = await evaluate(optional);
    const copy = copyProject();
    copyFileSync(join(project, "docs/Pulumi.emulated.yaml"), join(copy, "Pulumi.emulated.yaml"));
    const { config } = readProject(copy, "emulated");
    const [endpoints] = JSON.parse(config["aws:endpoints"] ?? "");
    for (const { type } of resources.filter((resource) => resource.type.startsWith("aws:"))) {
      const service = type.startsWith("aws:cloudwatch/log") ? "logs" : type.split(/[:/]/)[1];
      assert.ok(`${service}` in endpoints, type);
    }
  });

  it("creates the role's policy before the function", async () => {
    const dependencies = await program.registration("aws:lambda/function:Function", "visit").dependencies();
    assert.ok(dependencies.includes("aws:iam/rolePolicy:RolePolicy visit"), `${dependencies}`);
  });

  it("creates the route and the permission before the stage", async () => {
    const dependencies = await program.registration("aws:apigatewayv2/stage:Stage", "default").dependencies();
    for (const other of ["aws:apigatewayv2/route:Route GET /", "aws:lambda/permission:Permission visit"])
      assert.ok(dependencies.includes(other), `${dependencies}`);
  });
});
