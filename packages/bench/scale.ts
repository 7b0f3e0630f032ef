// Models how many visits are cold starts, how many instances run at peak, and what throttles visits at a launch.
//
//   npx ts-node bench/scale.ts
//
// Nothing is measured. Visitors arrive at random (Poisson). A visit takes 20 ms on a warm instance and 300 ms on a new one.
// Lambda uses the instance that was used last, and removes an instance after 10 idle minutes. AWS doesn't publish that time;
// measurements found 5 to 15 minutes (https://mikhail.io/serverless/coldstarts/aws/).

import { createRandom } from "./random";

const WARM_SECONDS = 0.02;
const COLD_SECONDS = 0.3;
const IDLE_SECONDS = 600;
const VISITS = 200_000;

interface Scale {
  /** Cold starts, as a share of all visits. */
  coldShare: number;
  /** Instances at peak, after the first minute. */
  instances: number;
}

function simulate(visitsPerSecond: number, seed = 1): Scale {
  // The same random numbers in each run, because docs/operations.md has the results.
  const random = createRandom(seed);
  /** The time since which each instance has been idle; the most recently used is last. */
  let idle: number[] = [];
  let busy: number[] = [];
  let [now, cold, counted, instances] = [0, 0, 0, 0];
  for (let visit = 0; visit < VISITS; visit++) {
    now += -Math.log(random()) / visitsPerSecond;
    const free = busy.filter((end) => end <= now);
    if (free.length > 0) {
      busy = busy.filter((end) => end > now);
      idle.push(...free.sort((a, b) => a - b));
    }
    if ((idle[0] ?? now) < now - IDLE_SECONDS) idle = idle.filter((since) => since >= now - IDLE_SECONDS);
    const isCold = idle.pop() === undefined;
    busy.push(now + (isCold ? COLD_SECONDS : WARM_SECONDS));
    if (now < 60) continue;
    counted += 1;
    if (isCold) cold += 1;
    instances = Math.max(instances, busy.length);
  }
  return { coldShare: cold / counted, instances };
}

/** An account's quotas in a region. */
interface Quotas {
  /** API Gateway's requests per second. */
  requests: number;
  /** Lambda's concurrent executions. Its limit on requests per second is ten times as high. */
  concurrency: number;
  /** Writes per second to one table. */
  writes: number;
}

/** In large regions, for accounts that aren't new. */
const DEFAULT_QUOTAS: Quotas = { requests: 10_000, concurrency: 1000, writes: 40_000 };
/** What docs/operations.md recommends requesting. */
const RAISED_QUOTAS: Quotas = { requests: 100_000, concurrency: 10_000, writes: 100_000 };
/** Writes per second to a new on-demand table. */
const NEW_TABLE_WRITES = 4000;
const HALF_HOUR = 1800;

interface Launch {
  /** Shares of the visits in the first half hour. */
  throttled: { api: number; lambda: number; table: number };
  /** The time from which no visit is throttled, if any. */
  servedAfterSeconds: number | undefined;
}

/**
 * Sends all visitors to a new stack at once. Every ten seconds, Lambda adds 1,000 instances, or 10,000 requests per second. After
 * each half hour at its limit, the table takes twice as much: this is what AWS guarantees, and it often scales faster.
 */
function launch(visitsPerSecond: number, quotas: Quotas, warmWrites = NEW_TABLE_WRITES): Launch {
  const throttled = { api: 0, lambda: 0, table: 0 };
  let servedAfterSeconds: number | undefined;
  for (let second = 0; second < 10 * HALF_HOUR; second++) {
    const halfHours = Math.floor(second / HALF_HOUR);
    const admitted = Math.min(visitsPerSecond, quotas.requests);
    const invoked = Math.min(admitted, 10 * quotas.concurrency, 10_000 * (1 + Math.floor(second / 10)));
    const written = Math.min(invoked, quotas.writes, warmWrites * 2 ** halfHours);
    if (halfHours === 0) {
      throttled.api += (visitsPerSecond - admitted) / visitsPerSecond / HALF_HOUR;
      throttled.lambda += (admitted - invoked) / visitsPerSecond / HALF_HOUR;
      throttled.table += (invoked - written) / visitsPerSecond / HALF_HOUR;
    }
    if (written < visitsPerSecond) servedAfterSeconds = undefined;
    else servedAfterSeconds ??= second;
  }
  return { throttled, servedAfterSeconds };
}

/** The rows in docs/operations.md. */
export function rows(): string[] {
  const percent = (share: number) =>
    share === 0 ? "none" : `${share >= 0.1 ? Math.round(share * 100) : (share * 100).toPrecision(2)} %`;
  const scales = [0.001, 0.01, 0.1, 1, 10, 100, 1000].map((rate) => simulate(rate));
  const launches: [visits: number, where: string, quotas: Quotas, warm?: number][] = [
    [1000, "default", DEFAULT_QUOTAS],
    [10_000, "default", DEFAULT_QUOTAS],
    [100_000, "default", DEFAULT_QUOTAS],
    [100_000, "raised", RAISED_QUOTAS],
    [100_000, "raised, table warmed", RAISED_QUOTAS, 100_000],
  ];
  return [
    `| Cold starts | ${scales.map(({ coldShare }) => percent(coldShare)).join(" | ")} |`,
    `| Instances at peak | ${scales.map(({ instances }) => instances).join(" | ")} |`,
    ...launches.map(([visits, where, quotas, warm]) => {
      const { throttled, servedAfterSeconds: end } = launch(visits, quotas, warm);
      const after =
        end === undefined ? "never" : end >= 600 ? `after ${end / 60} minutes` : `after ${end} seconds`;
      const shares = [throttled.api, throttled.lambda, throttled.table].map(percent);
      return `| ${[visits.toLocaleString("en"), where, ...shares, end === 0 ? "at once" : after].join(" | ")} |`;
    }),
  ];
}

if (require.main === module) console.log(rows().join("\n"));
