import { strict as assert } from "node:assert";
import { resolve } from "node:path";
import { readProject } from "pulumi-aws-local";
import { type Evaluation, evaluate, tags } from "./support/evaluate";

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
      "aws:apigatewayv2/route:Route visit",
      "aws:apigatewayv2/stage:Stage default",
      "aws:cloudwatch/dashboard:Dashboard dashboard",
      "aws:cloudwatch/logGroup:LogGroup access",
      "aws:cloudwatch/logGroup:LogGroup visit",
      "aws:cloudwatch/logMetricFilter:LogMetricFilter new-sessions",
      "aws:cloudwatch/logMetricFilter:LogMetricFilter refused-visits",
      "aws:cloudwatch/logMetricFilter:LogMetricFilter store-failures",
      "aws:cloudwatch/metricAlarm:MetricAlarm account-concurrency",
      "aws:cloudwatch/metricAlarm:MetricAlarm api-errors",
      "aws:cloudwatch/metricAlarm:MetricAlarm api-latency",
      "aws:cloudwatch/metricAlarm:MetricAlarm function-errors",
      "aws:cloudwatch/metricAlarm:MetricAlarm function-throttles",
      "aws:cloudwatch/metricAlarm:MetricAlarm refused-visits",
      "aws:cloudwatch/metricAlarm:MetricAlarm store-failures",
      "aws:cloudwatch/metricAlarm:MetricAlarm table-errors",
      "aws:cloudwatch/metricAlarm:MetricAlarm table-throttles",
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

  it("holds all of the monitoring, the network and the domain together as a component each", async () => {
    const optional = { privateNetwork: "true", domainName: "www.example.com", hostedZoneId: "Z1" };
    const { resources, partsOf } = await evaluate({ ...optional, alarmEmail: "ops@example.org" });
    const typesOf = {
      monitoring: /^aws:(sns|cloudwatch\/(metricAlarm|dashboard|logMetricFilter|queryDefinition))[:/]/,
      network: /^(awsx:ec2:|aws:ec2\/|aws:iam\/rolePolicy:RolePolicy network)/,
      domain: /^aws:(acm|route53|apigatewayv2\/(domainName|apiMapping))[:/]/,
    };
    for (const [component, types] of Object.entries(typesOf)) {
      const wanted = resources
        .map(({ type, name }) => `${type} ${name}`)
        .filter((label) => types.test(label));
      assert.ok(wanted.length > 3, `${wanted}`);
      assert.deepEqual(partsOf(component).sort(), wanted.sort());
    }
  });

  it("keeps sessions in an on-demand table that deletes what has expired", () => {
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

  it("protects the data on request, in DynamoDB and in Pulumi", async () => {
    const table = ["aws:dynamodb/table:Table", "sessions"] as const;
    assert.equal(program.declared(...table).protect, false);
    const { inputs, declared } = await evaluate({ protectData: "true" });
    assert.deepEqual(inputs(...table).pointInTimeRecovery, { enabled: true });
    assert.equal(inputs(...table).deletionProtectionEnabled, true);
    assert.equal(declared(...table).protect, true);
  });

  it("lets only Lambda take the role", () => {
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

  it("allows the role to update this table and write this log, and nothing else", () => {
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

  it("gives the function its role, limits, log and settings", () => {
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
          ID_FORM: "uuid",
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

  it("traces the function on request, and lets it send traces", async () => {
    const { inputs } = await evaluate({ tracing: "true" });
    assert.deepEqual(inputs("aws:lambda/function:Function", "visit").tracingConfig, { mode: "Active" });
    const { policy } = inputs("aws:iam/rolePolicy:RolePolicy", "visit");
    assert.deepEqual((policy as { Statement: unknown[] }).Statement[2], {
      Effect: "Allow",
      Action: ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
      Resource: "*",
    });
  });

  it("keeps the logs for as long as the stack says", () => {
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

  it("sends GET / to the function in payload format 2.0, and has no other route", () => {
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
    assert.deepEqual(program.inputs("aws:apigatewayv2/route:Route", "visit"), {
      apiId: "api1",
      routeKey: "GET /",
      target: "integrations/integration1",
    });
  });

  it("deploys the API's $default stage by itself, with limits and an access log", () => {
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

  it("lets this API alone invoke the function", () => {
    assert.deepEqual(program.inputs("aws:lambda/permission:Permission", "visit"), {
      action: "lambda:InvokeFunction",
      function: "visit-1",
      principal: "apigateway.amazonaws.com",
      sourceArn: "arn:aws:execute-api:us-east-1:000000000000:api1/*/*",
    });
  });

  it("exports the URL, the names of table and function, the dashboard and a page about them", () => {
    const { readme, ...outputs } = program.outputs;
    assert.deepEqual(outputs, {
      url: "https://api1.test/",
      tableName: "sessions-1",
      functionName: "visit-1",
      dashboardUrl:
        "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/visit-1",
    });
    const mentioned = [...String(readme).matchAll(/\$\{outputs\.(\w+)\}/g)].map(([, name]) => name);
    assert.deepEqual(new Set(mentioned), new Set(Object.keys(outputs)));
  });

  it("finds every service that it uses at the emulator, in the stack emulated", async () => {
    const optional = { privateNetwork: "true", tracing: "true", alarmEmail: "ops@example.org" };
    const { resources } = await evaluate(optional, { stack: "emulated" });
    const { config } = readProject(resolve(__dirname, ".."), "emulated");
    const [endpoints] = JSON.parse(config["aws:endpoints"] ?? "");
    for (const { type } of resources.filter((resource) => resource.type.startsWith("aws:"))) {
      const service = type.startsWith("aws:cloudwatch/log") ? "logs" : type.split(/[:/]/)[1];
      assert.ok(`${service}` in endpoints, type);
    }
  });

  it("gives the function its policy before it can be invoked", async () => {
    const needed = await program.declared("aws:lambda/function:Function", "visit").dependencies();
    assert.ok(needed.includes("aws:iam/rolePolicy:RolePolicy visit"), `${needed}`);
  });

  it("deploys the stage once its route and its permission are there", async () => {
    const needed = await program.declared("aws:apigatewayv2/stage:Stage", "default").dependencies();
    for (const other of ["aws:apigatewayv2/route:Route visit", "aws:lambda/permission:Permission visit"])
      assert.ok(needed.includes(other), `${needed}`);
  });
});
