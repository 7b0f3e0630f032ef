import { strict as assert } from "node:assert";
import { once } from "node:events";
import { connect } from "node:net";
import { useShop } from "./support/shop";
import { until } from "./support/until";

describe("an HTTP API in the local run", () => {
  const shop = useShop();
  const returning = (result: unknown) =>
    fetch(`${shop.url}echo?result=${encodeURIComponent(JSON.stringify(result))}`);

  it("is part of a run that lists what is not emulated, by type and property", () => {
    const { notEmulated } = shop.running;
    assert.deepEqual(notEmulated, ["Policy.path", "Table.deletionProtectionEnabled", "Topic"]);
  });

  it("passes on the request in payload format 2.0", async () => {
    const headers = { cookie: "a=1; b=2", "x-many": ["one", "two"], "user-agent": "test/1.0" };
    const { body } = await shop.raw("/items/1%202?b=1&a=x%20y&b=2&empty", headers);
    const { headers: received, requestContext, ...event } = JSON.parse(body).event;
    assert.deepEqual(event, {
      version: "2.0",
      routeKey: "GET /items/{id}",
      rawPath: "/items/1 2",
      rawQueryString: "b=1&a=x%20y&b=2&empty",
      cookies: ["a=1", "b=2"],
      queryStringParameters: { b: "1,2", a: "x y", empty: "" },
      pathParameters: { id: "1 2" },
      isBase64Encoded: false,
    });
    const { "x-amzn-trace-id": trace, ...others } = received;
    assert.match(trace, /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    assert.deepEqual(others, {
      connection: "close",
      "content-length": "0",
      host: `localhost:${shop.port()}`,
      "user-agent": "test/1.0",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-port": `${shop.port()}`,
      "x-forwarded-proto": "http",
      "x-many": "one,two",
    });
    const { http, time, timeEpoch, domainName, stage } = requestContext;
    assert.deepEqual([http.method, http.path, http.sourceIp], ["GET", "/items/1 2", "127.0.0.1"]);
    assert.deepEqual([domainName, stage], ["localhost", "$default"]);
    assert.match(time, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
    assert.ok(Math.abs(timeEpoch - Date.now()) < 5000);
  });

  it("passes on text unchanged, and other bodies in base64", async () => {
    const bodies: [type: string, sent: string | Uint8Array<ArrayBuffer>, received: string][] = [
      ["text/plain; charset=utf-8", "grün", "grün"],
      ["application/json", "{}", "{}"],
      ["application/problem+json", "{}", "e30="],
      ["application/octet-stream", Uint8Array.of(0, 255), "AP8="],
    ];
    for (const [type, body, received] of bodies) {
      const init = { method: "POST", body, headers: { "content-type": type } };
      const { event } = await (await fetch(`${shop.url}echo`, init)).json();
      assert.deepEqual([event.body, event.isBase64Encoded], [received, received !== body]);
    }
  });

  it("sends the function's status, headers, cookies and decoded base64 body", async () => {
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

  it("treats a result without statusCode as a JSON body", async () => {
    for (const [result, body] of [
      [{ a: 1 }, '{"a":1}'],
      ["plain", "plain"],
    ]) {
      const response = await returning(result);
      assert.equal(response.headers.get("content-type"), "application/json");
      assert.equal(await response.text(), body);
    }
  });

  const invalid: Record<string, object> = {
    "a status that is no number": { statusCode: "many" },
    "a status that HTTP does not have": { statusCode: 99 },
    "a body that is no text": { statusCode: 200, body: { a: 1 } },
    "a header that is a list": { statusCode: 200, headers: { "x-many": ["a", "b"] } },
    "a header that HTTP does not allow": { statusCode: 200, headers: { "x-bad": "a\nb" } },
  };
  for (const [what, result] of Object.entries(invalid)) {
    it(`answers 500 for ${what}`, async () => assert.equal((await returning(result)).status, 500));
  }

  it("prefers a route for the method to ANY, and supports parameters and greedy paths", async () => {
    const routeOf = async (path: string, method = "GET") => {
      const { event } = await (await fetch(shop.url + path, { method })).json();
      return [event.routeKey, event.pathParameters];
    };
    assert.deepEqual(await routeOf("items/7"), ["GET /items/{id}", { id: "7" }]);
    assert.deepEqual(await routeOf("items/7", "PUT"), ["ANY /items/{id}", { id: "7" }]);
    assert.deepEqual(await routeOf("files/a/b%2Fc"), ["ANY /files/{proxy+}", { proxy: "a/b/c" }]);
  });

  // What AWS answered: https://github.com/hotsock/voker/blob/main/vokerhttp/testdata/ingress-paths.json
  const paths: Record<string, string | undefined> = {
    "space%20value": "space value",
    "question%3Fvalue": "question",
    "percent%25done": undefined,
    "%E0%A4%A": undefined,
    "hash%23value": "hash#value",
    "slash%2Fvalue": "slash/value",
    "unicode-%CE%BB": "unicode-λ",
    "literal%252Fvalue": "literal/value",
    "literal%253Fvalue": "literal?value",
    "literal%2525value": "literal%value",
  };
  it("decodes paths as AWS does", async () => {
    for (const [sent, received] of Object.entries(paths)) {
      const { status, body } = await shop.raw(`/files/${sent}?a=%3F`);
      assert.equal(status, received ? 200 : 400);
      assert.equal(JSON.parse(body).event?.rawPath, received && `/files/${received}`);
    }
  });

  it("drops headers that concern the connection, and splits no others", async () => {
    const cookie = "a=1; Expires=Fri, 1 Jan 2100 00:00:00 GMT";
    const headers = { "Set-Cookie": cookie, Trailer: "x", "Content-Length": "3", "x-own": "1" };
    const response = await returning({ statusCode: 200, headers, body: "long enough" });
    assert.equal(response.headers.get("x-own"), "1");
    assert.deepEqual(response.headers.getSetCookie(), [cookie]);
    assert.equal(response.headers.get("trailer"), null);
    assert.equal(await response.text(), "long enough");
  });

  it("answers 404 for other paths and methods, including HEAD and OPTIONS", async () => {
    for (const refused of [
      "GET nowhere",
      "DELETE echo",
      "OPTIONS echo",
      "HEAD echo",
      "GET items/",
      "GET items/1/2",
    ]) {
      const [method, path] = refused.split(" ");
      const response = await fetch(shop.url + path, { method });
      assert.equal(response.status, 404, refused);
      assert.equal(await response.text(), method === "HEAD" ? "" : '{"message":"Not Found"}');
    }
  });

  it("rejects events and results over Lambda's 6 MB", async () => {
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

  it("survives clients that disconnect in the middle of a body", async () => {
    const socket = connect(shop.port(), "127.0.0.1");
    socket.write("POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nabc");
    await once(socket, "connect");
    socket.destroy();
    assert.equal((await fetch(`${shop.url}echo`)).status, 200);
  });

  it("answers 500 without a permission that covers the route, and says why", async () => {
    const response = await fetch(`${shop.url}forbidden`);
    assert.equal(response.status, 500);
    assert.equal(await response.text(), '{"message":"Internal Server Error"}');
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
    const visit = async () => await fetch(`${shop.url}slow/echo`);
    const responses = await Promise.all(Array.from({ length: 9 }, visit));
    const throttled = responses.find(({ status }) => status === 429);
    assert.equal(await throttled?.text(), '{"message":"Too Many Requests"}');
    assert.ok(responses.filter(({ ok }) => ok).length >= 2);
    await until("a visit that is let through again", visit, ({ ok }) => ok);
  });

  it("throttles every request to a stage that sets only one of the limits", async () => {
    assert.equal((await fetch(`${shop.url}closed/echo`)).status, 429);
  });
});
