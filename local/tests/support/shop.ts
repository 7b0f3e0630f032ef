import { resolve } from "node:path";
import type { AnsweredRequest } from "../../apigateway/listener";
import { type Run, run } from "../../run";

export interface Shop {
  running: Run;
  url: string;
  requests: AnsweredRequest[];
  /** What the functions wrote to their logs. */
  log(): string;
}

/** Runs the program in `tests/programs/shop` for the tests of a `describe` block. */
export function useShop(): Shop {
  let text = "";
  const shop = { requests: [] as AnsweredRequest[], log: () => text } as Shop;

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
