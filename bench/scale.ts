// How often visitors meet a cold start, how many instances run at once, and what refuses visitors at a launch.
//
//   npx ts-node bench/scale.ts
//
// Models, not measurements. For cold starts, visitors arrive at random (Poisson), a visit takes 20 ms on a warm instance and 300 ms on a
// new one, Lambda gives each visit the idle instance that was used last and removes one that has been idle for 10 minutes.
// AWS doesn't publish that time; measurements found 5 to 15 minutes (https://mikhail.io/serverless/coldstarts/aws/).

import { createRandom } from "./random";

const WARM_SECONDS = 0.02;
const COLD_SECONDS = 0.3;
const IDLE_SECONDS = 600;
/** Long enough for some thousand visits at the lowest rate. */
const VISITS = 200_000;

interface Scale {
  /** Of all visits. */
  coldShare: number;
  /** At the busiest moment after the first minute. */
  instances: number;
}

function simulate(visitsPerSecond: number, seed = 1): Scale {
  // The same random numbers in each run: docs/operations.md has the results.
  const random = createRandom(seed);
  /** When each instance is free again; the one that was used last is the last. */
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

/** What a region of an account takes. */
interface Quotas {
  /** API Gateway's requests a second. */
  requests: number;
  /** Lambda's concurrent executions. Together they take ten times as many requests a second. */
  concurrency: number;
  /** What a table takes at most, in writes a second. */
  writes: number;
}

/** AWS's, in large regions, for accounts that aren't new. */
const DEFAULT_QUOTAS: Quotas = { requests: 10_000, concurrency: 1000, writes: 40_000 };
/** What docs/operations.md says to ask for. */
const RAISED_QUOTAS: Quotas = { requests: 100_000, concurrency: 10_000, writes: 100_000 };
/** What a new on-demand table takes, in writes a second. */
const NEW_TABLE = 4000;
const HALF_HOUR = 1800;

interface Launch {
  /** Shares of the first half hour's visits. */
  refused: { api: number; lambda: number; table: number };
  /** When nobody is refused any more, if that ever comes. */
  servedAfterSeconds: number | undefined;
}

/**
 * A stack that all visitors meet at once. Lambda adds 1,000 instances, or 10,000 requests a second, every ten seconds. The
 * table takes twice as much after each half hour at its limit: that is what AWS promises, and often it is faster.
 */
function launch(visitsPerSecond: number, quotas: Quotas, warmWrites = NEW_TABLE): Launch {
  const refused = { api: 0, lambda: 0, table: 0 };
  let servedAfterSeconds: number | undefined;
  for (let second = 0; second < 10 * HALF_HOUR; second++) {
    const halfHours = Math.floor(second / HALF_HOUR);
    const admitted = Math.min(visitsPerSecond, quotas.requests);
    const invoked = Math.min(admitted, 10 * quotas.concurrency, 10_000 * (1 + Math.floor(second / 10)));
    const written = Math.min(invoked, quotas.writes, warmWrites * 2 ** halfHours);
    if (halfHours === 0) {
      refused.api += (visitsPerSecond - admitted) / visitsPerSecond / HALF_HOUR;
      refused.lambda += (admitted - invoked) / visitsPerSecond / HALF_HOUR;
      refused.table += (invoked - written) / visitsPerSecond / HALF_HOUR;
    }
    if (written < visitsPerSecond) servedAfterSeconds = undefined;
    else servedAfterSeconds ??= second;
  }
  return { refused, servedAfterSeconds };
}

/** The rows of docs/operations.md. */
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
    `| Instances at once | ${scales.map(({ instances }) => instances).join(" | ")} |`,
    ...launches.map(([visits, where, quotas, warm]) => {
      const { refused, servedAfterSeconds: end } = launch(visits, quotas, warm);
      const after = end === undefined ? "never" : end >= 600 ? `${end / 60} minutes` : `${end} seconds`;
      const shares = [refused.api, refused.lambda, refused.table].map(percent);
      return `| ${[visits.toLocaleString("en"), where, ...shares, end === 0 ? "at once" : after].join(" | ")} |`;
    }),
  ];
}

if (require.main === module) console.log(rows().join("\n"));
