import { once } from "node:events";
import { type OutgoingHttpHeaders, request } from "node:http";
import { resolve } from "node:path";
import { text as readText } from "node:stream/consumers";
import type { AnsweredRequest } from "../../apigateway/listener";
import { type Run, run } from "../../run";

export interface Shop {
  running: Run;
  url: string;
  requests: AnsweredRequest[];
  /** What the functions wrote to their logs. */
  log(): string;
  port(): number;
  /** Sends a path as it is, which `fetch` would tidy up. */
  raw(path: string, headers?: OutgoingHttpHeaders): Promise<{ status?: number; body: string }>;
}

/** Runs the program in `local/example` for the tests of a `describe` block. */
export function useShop(): Shop {
  let text = "";
  const shop = {
    requests: [] as AnsweredRequest[],
    log: () => text,
    port: () => Number(new URL(shop.url).port),
    async raw(path, headers) {
      const sent = request({ port: shop.port(), path, headers, agent: false }).end();
      const [response] = await once(sent, "response");
      return { status: response.statusCode, body: await readText(response) };
    },
  } as Shop;

  before(async () => {
    shop.running = await run({
      folder: resolve(__dirname, "../../example"),
      stack: "dev",
      port: 0,
      onRequest: (request) => shop.requests.push(request),
      onLog: (written) => {
        text += written;
      },
    });
    shop.url = String(shop.running.outputs.url);
  });
  after(() => shop.running?.close());

  return shop;
}
