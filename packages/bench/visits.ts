// Latency and throughput of visits and of pages that only read, what they consume, and what gets lost at once.

import type { Contender } from "./archives";
import { type Instance, startFunction } from "./functions";
import type { Network, Units } from "./network";
import { type Figure, figure, inTurns, quantile } from "./rounds";

export const PARALLEL = 16;
/** Requests to one session at once, to see what gets lost. */
export const AT_ONCE = 64;

/** Latencies in milliseconds, and ratios within a round, where conditions are the same. */
export interface VisitResult {
  p50: Figure;
  p99: Figure;
  ofFloor: Figure;
  /** Visits per second with 16 at once. */
  throughput: Figure;
  oursOfThis: Figure;
  /** Of a page that only reads. */
  readP50: Figure;
  readOfFloor: Figure;
  lost: { counts: number; changes: number };
  units: { visit: Units; read: Units };
}

/** Measures all contenders, in their order: first the floor, then ours. */
export async function measureVisits(
  contenders: Contender[],
  network: Network,
  rounds: number,
  visits: number,
): Promise<VisitResult[]> {
  const pairs: Awaited<ReturnType<typeof start>>[] = [];
  for (const contender of contenders) pairs.push(await start(contender, network, visits));
  const samples = await inTurns(rounds, pairs, async ({ page, values, visitors }) => {
    const pages = Array(visits).fill("/"); // one by each visitor
    const alone = await page.request({ visitors, pages });
    const many = await page.request({ visitors, pages: [...pages, ...pages, ...pages], parallel: PARALLEL });
    const read = await values.request({ visitors, pages: pages.map(() => "/read") });
    return {
      p50: quantile(alone.durations, 0.5),
      p99: quantile(alone.durations, 0.99),
      throughput: (1000 * many.durations.length) / many.milliseconds,
      readP50: quantile(read.durations, 0.5),
    };
  });
  type Samples = (typeof samples)[number];
  type Measure = keyof Samples[number];
  const all = (samples: Samples, measure: Measure) => figure(samples.map((sample) => sample[measure]));
  const ratio = (measure: Measure, samples: Samples, others: Samples = []) =>
    figure(samples.map((sample, round) => sample[measure] / (others[round]?.[measure] ?? Number.NaN)));
  const [floor, ours = []] = samples;
  const results: VisitResult[] = [];
  for (const [i, own] of samples.entries()) {
    const { page, values, visitors } = pairs[i] as (typeof pairs)[number];
    results.push({
      p50: all(own, "p50"),
      p99: all(own, "p99"),
      ofFloor: ratio("p50", own, floor),
      throughput: all(own, "throughput"),
      oursOfThis: ratio("throughput", ours, own),
      readP50: all(own, "readP50"),
      readOfFloor: ratio("readP50", own, floor),
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
async function start({ folder, valuesFolder, table }: Contender, { endpoint }: Network, visits: number) {
  const page = await startFunction(folder, table, endpoint);
  const values = await startFunction(valuesFolder, table, endpoint);
  const pages = Array(5 * visits).fill("/");
  const { visitors } = await page.request({ visitors: Array(visits).fill(""), pages, parallel: PARALLEL });
  await values.request({ visitors, pages: pages.fill("/read"), parallel: PARALLEL });
  return { page, values, visitors };
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
