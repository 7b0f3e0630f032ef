import { strict as assert } from "node:assert";
import { type Evaluation, evaluate, everyOption, labelOf } from "./support/evaluate";

describe("the program", () => {
  let program: Evaluation;

  before(async () => {
    program = await evaluate();
  });

  /** All resources, by the component that they belong to. */
  function treeOf({ resources, registration }: Evaluation) {
    const tree: Record<string, string[]> = {};
    for (const resource of resources.filter(({ type }) => !type.startsWith("sessions:"))) {
      const label = labelOf(resource);
      const { parent = "" } = registration(label);
      tree[parent] = [...(tree[parent] ?? []), label].sort();
    }
    return tree;
  }
  const core = [
    ...["Api sessions", "Function visit", "Integration visit", "LogGroup access", "LogGroup visit"],
    ...["Permission visit", "Role visit", "RolePolicy visit", "Route GET /", "Stage default"],
    "Table sessions",
  ];
  const monitoring = [
    ...["Dashboard dashboard", "LogMetricFilter new-sessions", "LogMetricFilter store-failures"],
    ...["LogMetricFilter throttled-visits", "MetricAlarm account-concurrency", "MetricAlarm api-errors"],
    ...["MetricAlarm api-latency", "MetricAlarm function-errors", "MetricAlarm function-throttles"],
    ...["MetricAlarm store-failures", "MetricAlarm table-errors", "MetricAlarm table-throttles"],
    ...["MetricAlarm throttled-visits", "QueryDefinition errors", "QueryDefinition slow-visits"],
    "QueryDefinition visits-by-status",
  ];

  it("lets TTL delete expired sessions, and bills by request", () => {
    const { hashKey, billingMode, ttl } = program.inputs("Table sessions");
    assert.deepEqual([hashKey, billingMode], ["session-id", "PAY_PER_REQUEST"]);
    assert.deepEqual(ttl, { attributeName: "expires-at", enabled: true });
  });

  it("gives the function time for three attempts at DynamoDB, but less than API Gateway waits", () => {
    const { timeout } = program.inputs("Function visit");
    assert.ok(Number(timeout) > 5 && Number(timeout) < 30);
  });

  it("declares these resources and no others", () => {
    assert.deepEqual(treeOf(program), { "": core, monitoring });
  });

  it("adds only these with every option, each in the component that it belongs to", async () => {
    assert.deepEqual(treeOf(await evaluate(everyOption)), {
      "": core,
      network: ["RolePolicy network", "SecurityGroup visit", "Vpc sessions", "VpcEndpoint dynamodb"],
      domain: [
        ...["ApiMapping domain", "Certificate domain", "CertificateValidation domain", "DomainName domain"],
        ...["Record domain", "Record proof"],
      ],
      monitoring: [...monitoring, "Topic alarms", "TopicSubscription alarms"],
    });
  });

  it("protects the data in DynamoDB and in Pulumi with protectData only", async () => {
    for (const [stack, isProtected] of Object.entries({ dev: false, prod: true })) {
      const { inputs, registration } = await evaluate({}, stack);
      const { pointInTimeRecovery, deletionProtectionEnabled } = inputs("Table sessions");
      const { protect } = registration("Table sessions");
      assert.deepEqual(pointInTimeRecovery, { enabled: isProtected });
      assert.deepEqual([deletionProtectionEnabled, protect], [isProtected, isProtected]);
    }
  });

  it("lets only Lambda assume the role, only use this table as the handler does, and write to this log", () => {
    const { assumeRolePolicy } = program.inputs("Role visit");
    const [statement, ...others] = (assumeRolePolicy as { Statement: Record<string, unknown>[] }).Statement;
    assert.deepEqual([statement?.Principal, others], [{ Service: "lambda.amazonaws.com" }, []]);
    assert.deepEqual(program.inputs("RolePolicy visit"), {
      role: "role1",
      policy: {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Action: ["dynamodb:UpdateItem"],
            Resource: "arn:aws:dynamodb:us-east-1:000000000000:table/sessions",
          },
          {
            Effect: "Allow",
            Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
            Resource: "arn:aws:logs:us-east-1:000000000000:log-group:visit:*",
          },
        ],
      },
    });
    assert.equal(program.inputs("Function visit").role, "arn:aws:iam::000000000000:role/visit");
  });

  it("traces the function, and lets it send traces, with tracing only", async () => {
    assert.deepEqual(program.inputs("Function visit").tracingConfig, { mode: "PassThrough" });
    const { inputs } = await evaluate(everyOption);
    assert.deepEqual(inputs("Function visit").tracingConfig, { mode: "Active" });
    const { Statement } = inputs("RolePolicy visit").policy as { Statement: unknown[] };
    const Action = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];
    assert.deepEqual(Statement[2], { Effect: "Allow", Action, Resource: "*" });
  });

  it("passes settings on", async () => {
    const limits = { throttlingRateLimit: "50", throttlingBurstLimit: "70" };
    const lifetimes = { idleSeconds: "60", absoluteSeconds: "600" };
    const others = { memorySize: "512", cookieName: "sid", secretIds: "true" };
    const { inputs } = await evaluate({ ...limits, ...lifetimes, ...others });
    const { memorySize, environment } = inputs("Function visit");
    assert.equal(memorySize, 512);
    const cookie = { COOKIE_NAME: "sid", SECRET_IDS: "true" };
    const variables = { TABLE_NAME: "sessions-1", ...cookie, IDLE_SECONDS: "60", ABSOLUTE_SECONDS: "600" };
    assert.deepEqual(environment, { variables });
    const { defaultRouteSettings } = inputs("Stage default");
    assert.deepEqual(defaultRouteSettings, { throttlingRateLimit: 50, throttlingBurstLimit: 70 });
  });

  it("has secret ids, and a cookie that other hosts can't set, in the stack prod", async () => {
    const { inputs } = await evaluate({}, "prod");
    const { variables } = inputs("Function visit").environment as { variables: Record<string, string> };
    assert.equal(variables.SECRET_IDS, "true");
    assert.match(variables.COOKIE_NAME ?? "", /^__Host-/);
  });

  it("keeps the function's log and the access log for logRetentionDays", () => {
    const { loggingConfig } = program.inputs("Function visit");
    assert.deepEqual(loggingConfig, { logFormat: "JSON", logGroup: "visit-log" });
    const inputsOf = (name: string) => program.inputs(`LogGroup ${name}`);
    assert.deepEqual([inputsOf("visit").retentionInDays, inputsOf("access").retentionInDays], [3, 3]);
    // The reason is in index.ts.
    assert.match(String(inputsOf("access").namePrefix), /^\/aws\/vendedlogs\//);
  });

  it("logs requests with what is needed to find a failure, but without cookies", () => {
    const { accessLogSettings } = program.inputs("Stage default");
    const { destinationArn, format } = accessLogSettings as { destinationArn: string; format: string };
    assert.equal(destinationArn, "arn:aws:logs:us-east-1:000000000000:log-group:access");
    const values: string[] = Object.values(JSON.parse(format));
    assert.ok(!/cookie|header|querystring/i.test(values.join()));
    for (const name of ["integration.requestId", "integrationErrorMessage", "status", "identity.sourceIp"]) {
      assert.ok(values.includes(`$context.${name}`), name);
    }
  });

  it("lets only this API invoke the function", () => {
    assert.deepEqual(program.inputs("Permission visit"), {
      action: "lambda:InvokeFunction",
      function: "visit-1",
      principal: "apigateway.amazonaws.com",
      sourceArn: "arn:aws:execute-api:us-east-1:000000000000:api1/*/*",
    });
  });

  it("exports what the stack's page shows", () => {
    const { readme, dashboardUrl, ...outputs } = program.outputs;
    assert.deepEqual(outputs, {
      url: "https://api1.test/",
      tableName: "sessions-1",
      functionName: "visit-1",
    });
    const console = "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1";
    assert.equal(dashboardUrl, `${console}#dashboards/dashboard/visit-1`);
    const shown = [...String(readme).matchAll(/\$\{outputs\.(\w+)\}/g)].map(([, name = ""]) => name);
    assert.deepEqual([...new Set(shown)].sort(), ["dashboardUrl", ...Object.keys(outputs)].sort());
  });

  it("creates resources after those that they need to work", async () => {
    const dependenciesOf = (label: string) => program.registration(label).dependencies();
    assert.ok((await dependenciesOf("Function visit")).includes("RolePolicy visit"));
    const beforeStage = await dependenciesOf("Stage default");
    assert.ok(["Route GET /", "Permission visit"].every((other) => beforeStage.includes(other)));
  });
});
