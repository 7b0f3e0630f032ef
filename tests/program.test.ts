import { strict as assert } from "node:assert";
import { type Evaluation, evaluate } from "./support/evaluate";

describe("the program", () => {
  let program: Evaluation;

  before(async () => {
    program = await evaluate({
      cookieName: "sid",
      idleSeconds: "60",
      absoluteSeconds: "600",
      memorySize: "512",
    });
  });

  it("declares these resources and no others", () => {
    assert.deepEqual(program.resources.map(({ type, name }) => `${type} ${name}`).sort(), [
      "aws:apigatewayv2/api:Api sessions",
      "aws:apigatewayv2/integration:Integration visit",
      "aws:apigatewayv2/route:Route visit",
      "aws:apigatewayv2/stage:Stage default",
      "aws:cloudwatch/logGroup:LogGroup visit",
      "aws:dynamodb/table:Table sessions",
      "aws:iam/role:Role visit",
      "aws:iam/rolePolicy:RolePolicy visit",
      "aws:lambda/function:Function visit",
      "aws:lambda/permission:Permission visit",
    ]);
  });

  it("keeps sessions in an on-demand table that deletes what has expired", () => {
    assert.deepEqual(program.inputs("aws:dynamodb/table:Table", "sessions"), {
      hashKey: "session-id",
      attributes: [{ name: "session-id", type: "S" }],
      billingMode: "PAY_PER_REQUEST",
      ttl: { attributeName: "expires-at", enabled: true },
    });
  });

  it("lets only Lambda take the role", () => {
    const { assumeRolePolicy, ...rest } = program.inputs("aws:iam/role:Role", "visit");
    assert.deepEqual(rest, {});
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
        { Effect: "Allow", Action: "dynamodb:UpdateItem", Resource: "arn:table" },
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
      handler: "__index.handler",
      runtime: "nodejs24.x",
      architectures: ["arm64"],
      memorySize: 512,
      timeout: 10,
      role: "arn:role",
      environment: {
        variables: {
          TABLE_NAME: "sessions-1",
          COOKIE_NAME: "sid",
          IDLE_SECONDS: "60",
          ABSOLUTE_SECONDS: "600",
        },
      },
      loggingConfig: { logFormat: "JSON", logGroup: "visit-log" },
    });
  });

  it("keeps the function's log for as long as the stack says", () => {
    assert.deepEqual(program.inputs("aws:cloudwatch/logGroup:LogGroup", "visit"), { retentionInDays: 3 });
  });

  it("sends GET / to the function in payload format 2.0, and knows no other route", () => {
    assert.deepEqual(program.inputs("aws:apigatewayv2/api:Api", "sessions"), { protocolType: "HTTP" });
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

  it("deploys the API's $default stage by itself", () => {
    assert.deepEqual(program.inputs("aws:apigatewayv2/stage:Stage", "default"), {
      apiId: "api1",
      name: "$default",
      autoDeploy: true,
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

  it("exports the URL and the names of table and function", () => {
    assert.deepEqual(
      { ...program.outputs },
      {
        url: "https://api1.test/",
        tableName: "sessions-1",
        functionName: "visit-1",
      },
    );
  });

  it("creates nothing that visitors reach before what it needs", async () => {
    // What is waited for takes its time: whoever does not wait for it comes first.
    const slow = () => new Promise<object>((resolve) => setTimeout(resolve, 200, {}));
    const provider = {
      "aws:iam/rolePolicy:RolePolicy": slow,
      "aws:apigatewayv2/route:Route": slow,
      "aws:lambda/permission:Permission": slow,
    };
    const { resources } = await evaluate({}, { provider });
    const position = (type: string) => resources.findIndex((resource) => resource.type.endsWith(`:${type}`));
    assert.ok(position("RolePolicy") < position("Function"));
    assert.ok(position("Route") < position("Stage"));
    assert.ok(position("Permission") < position("Stage"));
  });
});
