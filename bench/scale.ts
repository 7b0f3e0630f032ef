// How often visitors meet a cold start, and how many instances run at once, by visits a second.
//
//   npx ts-node bench/scale.ts
//
// A model, not a measurement: visitors arrive at random (Poisson), a visit takes 20 ms on a warm instance and 300 ms on a
// new one, Lambda gives each visit the idle instance that was used last and removes one that has been idle for 10 minutes.
// AWS doesn't publish that time; measurements found 5 to 15 minutes (https://mikhail.io/serverless/coldstarts/aws/).

import { createRandom } from "./random";

const WARM_SECONDS = 0.02;
const COLD_SECONDS = 0.3;
const IDLE_SECONDS = 600;
/** Long enough for some thousand visits at the lowest rate. */
const VISITS = 200_000;

export interface Scale {
  /** Of all visits. */
  coldShare: number;
  /** At the busiest moment after the first minute. */
  instances: number;
}

export function simulate(visitsPerSecond: number, seed = 1): Scale {
  // The same random numbers in each run: the result stands in docs/operations.md.
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

if (require.main === module) {
  console.log("visits a second | cold starts | instances at once");
  for (const rate of [0.001, 0.01, 0.1, 1, 10, 100, 1000]) {
    const { coldShare, instances } = simulate(rate);
    console.log(`${rate} | ${(coldShare * 100).toPrecision(2)} % | ${instances}`);
  }
}
