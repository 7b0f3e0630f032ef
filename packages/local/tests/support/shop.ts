import { once } from "node:events";
import { type OutgoingHttpHeaders, request } from "node:http";
import { resolve } from "node:path";
import { text as readText } from "node:stream/consumers";
import type { AnsweredRequest } from "../../apigateway/listener";
import { type Run, run } from "../../run";

/** Runs the program in `local/example` for the tests of a `describe` block. */
export function useShop() {
  const shop = {
    running: {} as Run,
    url: "",
    requests: [] as AnsweredRequest[],
    /** What the functions wrote to their logs. */
    log: "",
    port: () => Number(new URL(shop.url).port),
    /** Sends a path as it is, which `fetch` would tidy up. */
    async raw(path: string, headers?: OutgoingHttpHeaders) {
      const sent = request({ port: shop.port(), path, headers, agent: false }).end();
      const [response] = await once(sent, "response");
      return { status: Number(response.statusCode), body: await readText(response) };
    },
  };

  before(async () => {
    shop.running = await run({
      folder: resolve(__dirname, "../../example"),
      stack: "dev",
      port: 0,
      onRequest: (request) => shop.requests.push(request),
      onLog: (text) => {
        shop.log += text;
      },
    });
    shop.url = String(shop.running.outputs.url);
  });
  after(() => shop.running.close());

  return shop;
}
