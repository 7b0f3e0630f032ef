import { strict as assert } from "node:assert";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { handle, type LambdaContext } from "hono/aws-lambda";
import { createApp } from "../examples/hono/app";
import { createBrowser } from "./support/browser";
import { recordLog } from "./support/log";
import { useTable } from "./support/table";

const own = { "sec-fetch-site": "same-origin" };

describe("the Hono example", () => {
  const table = useTable();
  recordLog();
  const appWith = (send: typeof table.dynamodb.send) => {
    const options = { tableName: table.name, cookieName: "sid", idleSeconds: 60, absoluteSeconds: 600 };
    return createApp({ ...options, dynamodb: { send } });
  };
  const app = appWith(((command: never) => table.dynamodb.send(command)) as typeof table.dynamodb.send);

  describe("in Lambda, with a $default route", () => {
    const handler = handle(app);
    const invoke = (method: string, path: string, cookies: string[] = [], headers = {}) => {
      const http = { method, path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "test" };
      const event = {
        version: "2.0",
        routeKey: "$default",
        rawPath: path,
        rawQueryString: "",
        headers: { host: "example.com", ...headers },
        cookies,
        body: null,
        isBase64Encoded: false,
        requestContext: { domainName: "example.com", stage: "$default", http },
      };
      return handler(event as unknown as Parameters<typeof handler>[0], {} as LambdaContext);
    };

    it("recognizes a visitor by the cookie, which it sends in the response's cookies", async () => {
      const first = (await invoke("GET", "/")) as { cookies?: string[]; body: string };
      assert.deepEqual(JSON.parse(first.body), { counter: 1 });
      const [cookie = "", ...others] = first.cookies ?? [];
      assert.match(cookie, /^sid=[^;]+; Max-Age=60; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
      assert.deepEqual(others, []);
      const [pair = ""] = cookie.split(";");
      const second = await invoke("GET", "/", ["a=b", pair]);
      assert.deepEqual(JSON.parse(second.body), { counter: 2 });
    });

    it("refuses another site's logout, and says what its own has done", async () => {
      const first = (await invoke("GET", "/")) as { cookies?: string[] };
      const cookies = [first.cookies?.[0]?.split(";")[0] ?? ""];
      const foreign = await invoke("POST", "/logout", cookies, { "sec-fetch-site": "cross-site" });
      assert.deepEqual([foreign.statusCode, "cookies" in foreign], [403, false]);
      assert.equal((await invoke("POST", "/logout", cookies, own)).body, '{"hasEnded":true}');
      assert.equal((await invoke("POST", "/logout", cookies, own)).body, '{"hasEnded":false}');
    });
  });

  it("loses nothing of 128 parallel requests in one process, as a plain Node.js server", async () => {
    const server = createAdaptorServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    const browser = createBrowser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await browser.visit();
    const id = browser.jar.get("sid");
    const requests = Array.from({ length: 128 }, (_, i) =>
      i % 2 ? browser.visit() : browser.visit(`cart/${i}`, "POST", { headers: own }),
    );
    const statuses = (await Promise.all(requests)).map(({ status }) => status);
    assert.deepEqual([...new Set(statuses)].sort(), [200, 303]);
    const { counter, ...cart } = JSON.parse((await browser.visit()).body);
    assert.equal(counter, 66);
    assert.equal(Object.keys(cart).length, 64);
    assert.equal(browser.jar.get("sid"), id);
    server.close();
  });

  it("responds with the status of a failed session, and leaves the cookie alone", async () => {
    const failing = appWith(() => Promise.reject(new Error("connection lost")));
    const response = await failing.request("/");
    assert.deepEqual([response.status, response.headers.get("set-cookie")], [503, null]);
  });
});
