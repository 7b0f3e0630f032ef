import { strict as assert } from "node:assert";
import type { InvokeFunction } from "../apigateway/answer";
import { createApis } from "../apigateway/provider";
import { createServers } from "../apigateway/servers";
import { createTables } from "../dynamodb/provider";
import { checkLimits } from "../lambda/limits";
import { createFunctions } from "../lambda/provider";
import type { Created, Provider } from "../pulumi/resource";

type Declare = (type: string, inputs: object) => Promise<Created>;

const declaring =
  (provider: Provider, service: string, ignored: string[] = []): Declare =>
  async (type, inputs: { name?: string }) => {
    const token = `aws:${service}/${type.toLowerCase()}:${type}`;
    const physicalName = inputs.name ?? "a";
    const resource = { type: token, name: "a", physicalName, inputs: { ...inputs }, arn: () => "arn" };
    const created = (await provider[token]?.(resource)) ?? {};
    ignored.push(...(created.ignored ?? []).map((what) => type + what));
    return created;
  };

describe("variants of an HTTP API", () => {
  const servers = createServers(0);
  const invoked: string[] = [];
  let result: object;
  after(() => servers.serve([]));

  beforeEach(() => {
    result = { statusCode: 200, headers: { "access-control-allow-origin": "https://own.example" } };
  });

  const invoke: InvokeFunction = async (functionArn) => {
    invoked.push(functionArn);
    return { result: JSON.stringify(result) };
  };

  /** Serves what `declare` declares in addition to an API. */
  async function serve(
    inputs: object,
    declare: (create: Declare) => Promise<unknown> = async () => {},
    invokeFunction = invoke,
  ) {
    const ignored: string[] = [];
    const apis = createApis({ servers, invoke: invokeFunction });
    const create = declaring(apis.provider, "apigatewayv2", ignored);
    const { id } = await create("Api", { protocolType: "HTTP", ...inputs });
    await declare((type, others) => create(type, { apiId: id, ...others }));
    await servers.serve(apis.listeners());
    const visit = (init: RequestInit = {}, path = "/") => fetch(apis.endpoints()[0] + path, init);
    return { ignored, visit };
  }
  const quick = { target: "arn:function" };
  const proxy = { integrationType: "AWS_PROXY", integrationUri: "arn:function", payloadFormatVersion: "2.0" };
  const stage = { name: "$default", autoDeploy: true };

  const integration = (inputs: object) => async (declare: Declare) => {
    await declare("Integration", { ...proxy, ...inputs });
    await declare("Route", { routeKey: "GET /", target: "integrations/a" });
    await declare("Stage", stage);
  };
  const route =
    (inputs: object, itsStage: object = stage) =>
    async (declare: Declare) => {
      await declare("Integration", proxy);
      await declare("Route", { routeKey: "GET /", target: "integrations/a", ...inputs });
      await declare("Stage", itsStage);
    };
  const variants: [listed: string, declare: ReturnType<typeof route>, api?: object][] = [
    ["Integration (HTTP_PROXY integrations)", integration({ integrationType: "HTTP_PROXY" })],
    ["Integration (SQS-SendMessage integrations)", integration({ integrationSubtype: "SQS-SendMessage" })],
    ["Integration (payload format 1.0)", integration({ payloadFormatVersion: undefined })],
    ["Route (JWT authorizers)", route({ routeKey: "$default", authorizationType: "JWT" })],
    ["Api (WEBSOCKET APIs)", route({ routeKey: "$connect" }), { protocolType: "WEBSOCKET" }],
  ];
  for (const [listed, declare, api = {}] of variants) {
    it(`are listed and answered with 501: ${listed}`, async () => {
      const { ignored, visit } = await serve(api, declare);
      assert.deepEqual(ignored, [listed]);
      const response = await visit();
      assert.equal(response.status, 501);
      assert.match((await response.json()).message, /^The local run doesn't emulate \w/);
      assert.deepEqual(invoked, []);
    });
  }

  it("are listed and answered with 501: a function in another language, or with code from elsewhere", async () => {
    const ignored: string[] = [];
    const options = { folder: __dirname, region: "eu-west-1", dynamodb: "", assume: () => "" };
    const functions = createFunctions(options);
    const create = declaring(functions.provider, "lambda", ignored);
    const permission = { function: "arn", principal: "apigateway.amazonaws.com", action: "lambda:*" };
    for (const runtime of ["nodejs24.x", "python3.14"]) {
      await create("Function", { runtime });
      await create("Permission", permission);
      const { visit } = await serve({ target: "arn" }, undefined, functions.invoke);
      assert.equal((await visit()).status, 501);
    }
    assert.deepEqual(ignored, [
      "Function (code that is in S3 or in a packed archive)",
      "Function (functions in python3.14)",
    ]);
    await functions.close();
  });

  it("answer preflight requests, and replace the function's own CORS headers", async () => {
    const { visit } = await serve({
      ...quick,
      corsConfiguration: {
        allowOrigins: ["https://*.example"],
        allowMethods: ["GET", "PUT"],
        allowHeaders: ["x-own"],
        exposeHeaders: ["x-count"],
        maxAge: 60,
        allowCredentials: true,
      },
    });
    const corsHeaders = async (origin: string, method = "GET") => {
      const { headers, status } = await visit({ method, headers: { origin } });
      const found = [...headers].filter(([name]) => name.startsWith("access-control-"));
      return [status, Object.fromEntries(found.map(([name, value]) => [name.slice(15), value]))];
    };
    const origin = "https://shop.example";
    const common = { "allow-origin": origin, "allow-credentials": "true" };
    assert.deepEqual(await corsHeaders(origin), [200, { ...common, "expose-headers": "x-count" }]);
    assert.deepEqual(await corsHeaders("https://elsewhere.test"), [200, {}]);
    invoked.length = 0;
    assert.deepEqual(await corsHeaders(origin, "OPTIONS"), [
      204,
      { ...common, "allow-headers": "x-own", "allow-methods": "GET,PUT", "max-age": "60" },
    ]);
    assert.deepEqual(invoked, []);
  });

  it("let Safari keep cookies on plain HTTP, unnoticed by the function", async () => {
    const cookies = ["a=1; Secure; Path=/", "__Host-b=2; Path=/; secure", "c=Secure"];
    result = { statusCode: 200, cookies };
    const { visit } = await serve(quick);
    const safari = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15";
    const chrome = "Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36";
    const kept = async (agent: string) =>
      (await visit({ headers: { "user-agent": agent } })).headers.getSetCookie();
    assert.deepEqual(await kept(safari), ["a=1; Path=/", "local__Host-b=2; Path=/", "c=Secure"]);
    for (const agent of [chrome, "test"]) assert.deepEqual(await kept(agent), cookies);
  });

  const refused: [type: string, inputs: object, message: RegExp][] = [
    ["Route", { routeKey: "GET /" }, /another route "GET \/"/],
    ["Route", { routeKey: "GET /a", target: "integrations/none" }, /id of an integration of its API/],
    ["Stage", { name: "a/b" }, /"a\/b" is not a valid stage name/],
    ...["GET", "FETCH /a", "GET /a/", "GET /{a+}/b", "GET /{}", "GET /{a-b}", "GET /x{a}", "GET /a?b=1"].map(
      (routeKey): [string, object, RegExp] => ["Route", { routeKey }, /is not one such as "GET/],
    ),
  ];
  for (const [type, inputs, message] of refused) {
    it(`are refused with the ${type} ${JSON.stringify(inputs)}`, async () => {
      const declare = async (create: Declare) => {
        await route({})(create);
        await create(type, inputs);
      };
      await assert.rejects(serve({}, declare), message);
    });
  }

  it("need not be deployed", async () => {
    const { ignored, visit } = await serve({}, route({}, { name: "$default" }));
    assert.deepEqual(ignored, ["Stage without a deployment, which answers 404"]);
    assert.equal((await visit()).status, 404);
  });
});

describe("a function beyond Lambda's limits", () => {
  const check = (inputs: object) => checkLimits({ runtime: "nodejs26.x", role: "arn:role", ...inputs });
  const functions: [inputs: object, problem: RegExp][] = [
    [{ runtime: "nodejs6.x" }, /runtime "nodejs6\.x"/],
    [{ architectures: ["arm64", "x86_64"] }, /several architectures/],
    [{ memorySize: 127 }, /memorySize is 127, but must be .* from 128 to 10240/],
    [{ memorySize: 10_241 }, /memorySize is 10241/],
    [{ timeout: 0 }, /timeout is 0, but must be .* from 1 to 900/],
  ];
  for (const [inputs, problem] of functions) {
    it(`is refused: ${JSON.stringify(inputs)}`, () => assert.throws(() => check(inputs), problem));
  }
  it("isn't one at its limits", () => check({ memorySize: 10_240, timeout: 900 }));
});

it("a table with a TTL that has no attribute is refused", async () => {
  const declare = declaring(createTables("http://127.0.0.1:1", "eu-west-1"), "dynamodb");
  await assert.rejects(declare("Table", { ttl: { enabled: true } }), /its ttl has no attributeName/);
});
