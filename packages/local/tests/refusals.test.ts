import { strict as assert } from "node:assert";
import { once } from "node:events";
import { connect } from "node:net";
import { useShop } from "./support/shop";

describe("an HTTP API that rejects a request", () => {
  const shop = useShop();

  it("answers 404 for other paths and methods, including HEAD and OPTIONS", async () => {
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
    assert.deepEqual(await shop.raw("/items/%E0%A4%A"), { status: 400, body: '{"message":"Bad Request"}' });
    assert.equal((await shop.raw("//")).status, 404);
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
});
