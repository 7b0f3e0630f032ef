// Latency and throughput of visits and of pages that only read, what they consume, and what gets lost at once.

import type { Contender } from "./archives";
import { type Instance, startFunction } from "./functions";
import type { Network } from "./network";
import { figure, inTurns, quantile } from "./rounds";

export const PARALLEL = 16;
/** Requests to one session at once, to see what gets lost. */
export const AT_ONCE = 64;

export type Visits = Awaited<ReturnType<typeof measureVisits>>[number];

/**
 * Measures latencies in milliseconds, visits per second, and ratios of them within a round, where conditions are the
 * same. The first contender is the floor, the second is ours.
 */
export async function measureVisits(
  contenders: Contender[],
  network: Network,
  rounds: number,
  visits: number,
) {
  const pairs: Awaited<ReturnType<typeof start>>[] = [];
  for (const contender of contenders) pairs.push(await start(contender, network, visits));
  const measured = await inTurns(rounds, pairs, async ({ page, values, visitors }) => {
    const pages = Array(visits).fill("/"); // one by each visitor
    const alone = await page.request({ visitors, pages });
    const many = await page.request({ visitors, pages: [...pages, ...pages, ...pages], parallel: PARALLEL });
    const read = await values.request({ visitors, pages: pages.map(() => "/read") });
    return {
      p50: quantile(alone.durations, 0.5),
      throughput: (1000 * many.durations.length) / many.milliseconds,
      readP50: quantile(read.durations, 0.5),
    };
  });
  const [floor, ours] = measured.map((contender) => contender.rounds);
  const ratio = (values: number[] = [], others: number[] = []) =>
    figure(values.map((value, round) => value / (others[round] ?? Number.NaN)));
  const results = [];
  for (const { name, page, values, visitors, rounds: byRound } of measured) {
    const { p50, throughput, readP50 } = byRound;
    results.push({
      name,
      p50: quantile(p50, 0.5),
      ofFloor: ratio(p50, floor?.p50),
      throughput: quantile(throughput, 0.5),
      oursOfThis: ratio(ours?.throughput, throughput),
      readP50: quantile(readP50, 0.5),
      readOfFloor: ratio(readP50, floor?.readP50),
      lost: await countLost(page, values),
      units: {
        visit: await network.meter(() => page.request({ visitors, pages: ["/"] })),
        read: await network.meter(() => values.request({ visitors, pages: ["/read"] })),
      },
    });
    await Promise.all([page.close(), values.close()]);
  }
  return results;
}

/** Starts the function that counts, and the one with values. Gives each visitor a session and warms up. */
async function start(contender: Contender, { endpoint }: Network, visits: number) {
  const page = await startFunction(contender.folder, contender.table, endpoint);
  const values = await startFunction(contender.valuesFolder, contender.table, endpoint);
  const pages = Array(5 * visits).fill("/");
  const { visitors } = await page.request({ visitors: Array(visits).fill(""), pages, parallel: PARALLEL });
  await values.request({ visitors, pages: pages.fill("/read"), parallel: PARALLEL });
  return { ...contender, page, values, visitors };
}

/** Visits that are missing from the counter, and values that are missing from the session. */
async function countLost(page: Instance, values: Instance) {
  const { visitors } = await page.request({ visitors: [""], pages: ["/"] });
  const all: string[] = Array(AT_ONCE).fill(visitors[0]);
  await page.request({ visitors: all, pages: Array(AT_ONCE).fill("/"), parallel: AT_ONCE });
  const last = await page.request({ visitors, pages: ["/"] });
  await values.request({ visitors: all, pages: all.map((_, i) => `/change?value${i}`), parallel: AT_ONCE });
  const { bodies } = await values.request({ visitors, pages: ["/read"] });
  const counter = Number(/counter: (\d+)/.exec(`${last.bodies[0]}`)?.[1]);
  const changed = `${bodies[0]}`.match(/\bvalue\d+/g) ?? [];
  return { counts: AT_ONCE + 2 - counter, changes: AT_ONCE - changed.length };
}
