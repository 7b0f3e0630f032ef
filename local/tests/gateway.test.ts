import { strict as assert } from "node:assert";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { useShop } from "./support/shop";
import { until } from "./support/until";

describe("an HTTP API in the local run", () => {
  const shop = useShop();
  const port = () => Number(new URL(shop.url).port);
  const returning = (result: unknown, init?: RequestInit) =>
    fetch(`${shop.url}echo?result=${encodeURIComponent(JSON.stringify(result))}`, init);
  const INTERNAL = '{"message":"Internal Server Error"}';

  /** Sends a path as it is, which `fetch` would tidy up. */
  async function raw(path: string, headers: Record<string, string | string[]> = {}) {
    const sent = request({ port: port(), path, headers, agent: false }).end();
    const [response] = await once(sent, "response");
    let body = "";
    for await (const chunk of response) body += chunk;
    return { status: response.statusCode, body };
  }

  it("hands over the request in payload format 2.0, field by field", async () => {
    const headers = { cookie: "a=1; b=2", "x-many": ["one", "two"], "user-agent": "test/1.0" };
    const { body } = await raw("/items/1%202?b=1&a=x%20y&b=2&empty", headers);
    const { event } = JSON.parse(body);
    const { requestContext } = event;
    const { requestId, time, timeEpoch, apiId } = requestContext;
    assert.match(requestId, /^[\w+/]{15}=$/);
    assert.match(time, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
    assert.ok(Math.abs(timeEpoch - Date.now()) < 5000);
    assert.match(apiId, /^[0-9a-f]{10}$/);
    assert.deepEqual(event, {
      version: "2.0",
      routeKey: "GET /items/{id}",
      rawPath: "/items/1 2",
      rawQueryString: "b=1&a=x%20y&b=2&empty",
      cookies: ["a=1", "b=2"],
      headers: {
        connection: "close",
        "content-length": "0",
        host: `localhost:${port()}`,
        "user-agent": "test/1.0",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-port": `${port()}`,
        "x-forwarded-proto": "http",
        "x-many": "one,two",
      },
      queryStringParameters: { b: "1,2", a: "x y", empty: "" },
      pathParameters: { id: "1 2" },
      requestContext: {
        accountId: "000000000000",
        apiId,
        domainName: "localhost",
        domainPrefix: "localhost",
        http: {
          method: "GET",
          path: "/items/1 2",
          protocol: "HTTP/1.1",
          sourceIp: "127.0.0.1",
          userAgent: "test/1.0",
        },
        requestId,
        routeKey: "GET /items/{id}",
        stage: "$default",
        time,
        timeEpoch,
      },
      isBase64Encoded: false,
    });
  });

  it("hands over text as it is, and other bodies in base64", async () => {
    const post = async (body: string | Uint8Array<ArrayBuffer>, type: string) => {
      const init = { method: "POST", body, headers: { "content-type": type } };
      const { event } = await (await fetch(`${shop.url}echo`, init)).json();
      return [event.body, event.isBase64Encoded];
    };
    assert.deepEqual(await post("grün", "text/plain; charset=utf-8"), ["grün", false]);
    assert.deepEqual(await post('{"a":1}', "application/json"), ['{"a":1}', false]);
    assert.deepEqual(await post(Uint8Array.of(0, 255), "application/octet-stream"), ["AP8=", true]);
    assert.deepEqual(await post("a=1", "application/x-www-form-urlencoded"), ["YT0x", true]);
  });

  it("sends what the function returns: status, headers, each cookie by itself, base64 decoded", async () => {
    const response = await returning({
      statusCode: 201,
      headers: { "X-One": "1", "content-type": "image/png" },
      cookies: ["a=1; Path=/", "b=2"],
      body: Buffer.from([0, 255]).toString("base64"),
      isBase64Encoded: true,
    });
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("x-one"), "1");
    assert.equal(response.headers.get("content-length"), "2");
    assert.match(response.headers.get("apigw-requestid") ?? "", /=$/);
    assert.deepEqual(response.headers.getSetCookie(), ["a=1; Path=/", "b=2"]);
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from([0, 255]));
  });

  it("takes a result without statusCode for a JSON body", async () => {
    for (const [result, body] of [
      [{ a: 1 }, '{"a":1}'],
      ["plain", "plain"],
    ]) {
      const response = await returning(result);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "application/json");
      assert.equal(await response.text(), body);
    }
  });

  const invalid: Record<string, object> = {
    "a status that is no number": { statusCode: "many" },
    "a status that HTTP does not have": { statusCode: 99 },
    "a body that is no text": { statusCode: 200, body: { a: 1 } },
    "a header that HTTP does not allow": { statusCode: 200, headers: { "x-bad": "a\nb" } },
  };
  for (const [what, result] of Object.entries(invalid)) {
    it(`answers 500 for ${what}`, async () => {
      const response = await returning(result);
      assert.equal(response.status, 500);
      assert.equal(await response.text(), INTERNAL);
    });
  }

  it("prefers the method's route to ANY, and takes parameters and greedy paths", async () => {
    const routeOf = async (path: string, method = "GET") => {
      const { event } = await (await fetch(shop.url + path, { method })).json();
      return [event.routeKey, event.pathParameters];
    };
    assert.deepEqual(await routeOf("items/7"), ["GET /items/{id}", { id: "7" }]);
    assert.deepEqual(await routeOf("items/7", "PUT"), ["ANY /items/{id}", { id: "7" }]);
    assert.deepEqual(await routeOf("files/a/b%2Fc"), ["ANY /files/{proxy+}", { proxy: "a/b/c" }]);
  });

  it("answers 404 for other paths and methods, HEAD and OPTIONS without a route among them", async () => {
    for (const [method, path] of [
      ["GET", "nowhere"],
      ["DELETE", "echo"],
      ["OPTIONS", "echo"],
      ["HEAD", "echo"],
      ["GET", "items/"],
      ["GET", "items/1/2"],
    ] as const) {
      const response = await fetch(shop.url + path, { method });
      assert.equal(response.status, 404, `${method} ${path}`);
      assert.equal(await response.text(), method === "HEAD" ? "" : '{"message":"Not Found"}');
    }
  });

  it("answers 400 to a malformed percent-encoding", async () => {
    assert.deepEqual(await raw("/items/%E0%A4%A"), { status: 400, body: '{"message":"Bad Request"}' });
    assert.equal((await raw("//")).status, 404);
  });

  it("takes 10 MB of body and 10,240 bytes of request line and headers, and not a byte more", async () => {
    const post = async (length: number) => {
      const body = Buffer.alloc(length, "a");
      return (await fetch(`${shop.url}nowhere`, { method: "POST", body })).status;
    };
    assert.equal(await post(10 * 1024 * 1024), 404);
    assert.equal(await post(10 * 1024 * 1024 + 1), 413);

    const rest = Buffer.byteLength(`GET /nowhere HTTP/1.1Hostlocalhost:${port()}Connectioncloselong`);
    assert.equal((await raw("/nowhere", { long: "x".repeat(10_240 - rest) })).status, 404);
    assert.equal((await raw("/nowhere", { long: "x".repeat(10_241 - rest) })).status, 431);
  });

  it("refuses events and results over Lambda's 6 MB", async () => {
    const post = (length: number, query = "") =>
      fetch(`${shop.url}echo?${query}`, { method: "POST", body: Buffer.alloc(length, "a") });
    // In base64, four bytes stand for three. The function answers with the event.
    const event = await post(5 * 1024 * 1024);
    assert.equal(event.status, 413);
    assert.equal(await event.text(), '{"message":"Request Entity Too Large"}');
    const result = await post(4_700_000, "does=twice");
    assert.equal(result.status, 500);
    assert.match(shop.requests.at(-1)?.error ?? "", /^Function\.ResponseSizeTooLarge: Response payload size/);
  });

  it("answers a request line with an absolute URL", async () => {
    const { body } = await raw(`http://localhost:${port()}/echo?a=1`);
    assert.equal(JSON.parse(body).event.rawPath, "/echo");
    assert.equal((await raw(`http://localhost:${port()}`)).status, 404);
  });

  it("keeps headers about the connection to itself", async () => {
    const headers = { Trailer: "x", "Transfer-Encoding": "chunked", "Content-Length": "3", "x-own": "1" };
    const response = await returning({ statusCode: 200, headers, body: "long enough" });
    assert.equal(response.headers.get("x-own"), "1");
    assert.equal(response.headers.get("trailer"), null);
    assert.equal(await response.text(), "long enough");
  });

  it("survives clients that go away in the middle of a body", async () => {
    const socket = connect(port(), "127.0.0.1");
    socket.write("POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nabc");
    await once(socket, "connect");
    socket.destroy();
    assert.equal((await fetch(`${shop.url}echo`)).status, 200);
  });

  it("answers 500 without a permission that covers the route, and says why", async () => {
    const response = await fetch(`${shop.url}forbidden`);
    assert.equal(response.status, 500);
    assert.equal(await response.text(), INTERNAL);
    assert.match(
      shop.requests.at(-1)?.error ?? "",
      /no aws\.lambda\.Permission .* arn:aws:execute-api:eu-west-1:000000000000:\w+\/\$default\/GET\/forbidden$/,
    );
  });

  it("answers 503 when the function takes longer than the integration allows", async () => {
    const response = await fetch(`${shop.url}hasty?does=sleep`);
    assert.equal(response.status, 503);
    assert.equal(await response.text(), '{"message":"Service Unavailable"}');
    assert.match(shop.requests.at(-1)?.error ?? "", /the integration timed out/);
  });

  it("throttles a stage by its burst and rate", async () => {
    const start = performance.now();
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await fetch(`${shop.url}slow/echo`)).status);
    // A slow machine may earn a token meanwhile.
    if (performance.now() - start < 1000) assert.deepEqual(statuses, [200, 200, 429]);
    const responses = await Promise.all(Array.from({ length: 5 }, () => fetch(`${shop.url}slow/echo`)));
    const throttled = responses.find(({ status }) => status === 429);
    assert.equal(await throttled?.text(), '{"message":"Too Many Requests"}');
    const visit = async () => (await fetch(`${shop.url}slow/echo`)).status;
    await until("a visit that is let through again", visit, (status) => status === 200);
  });

  it("lets nothing through a stage whose settings leave out one of the limits", async () => {
    assert.equal((await fetch(`${shop.url}closed/echo`)).status, 429);
  });

  it("writes the access log in the format that the stage declares", async () => {
    const response = await fetch(`${shop.url}echo?does=throw`);
    assert.deepEqual(JSON.parse(shop.requests.at(-1)?.accessLog ?? ""), {
      requestId: response.headers.get("apigw-requestid"),
      method: "GET",
      route: "GET /echo",
      status: "500",
      length: "35",
      reason: "TypeError: secret reason",
      unknown: "-",
    });
  });
});
