// What Lambda bills for visits, and what the first visitor to a new instance waits for.

import type { Contender } from "./archives";
import { startFunction } from "./functions";
import { bill, createQuota } from "./lambda";
import type { Network } from "./network";
import { figure, inTurns, quantile } from "./rounds";

export const MEMORIES = [128, 256, 512];

/** Milliseconds to wait before a visit, up to twice as many: longer than the period in which Lambda counts CPU time. */
const PAUSE = 21;

export type Billed = Awaited<ReturnType<typeof measureBilled>>[number];

/**
 * Measures billed milliseconds under Lambda's CPU quotas, by memory: of a visit after a pause, and of one right after
 * another. Without root or Linux, there are none.
 */
export async function measureBilled(
  contenders: Contender[],
  { endpoint }: Network,
  rounds: number,
  visits: number,
) {
  const quotas = MEMORIES.map(createQuota).filter((quota) => quota !== undefined);
  const turns = [];
  for (const { folder, table } of contenders) {
    const instance = await startFunction(folder, table, endpoint);
    const warmUp = { visitors: Array(visits).fill(""), pages: Array(20 * visits).fill("/") };
    const { visitors } = await instance.request(warmUp);
    turns.push(...quotas.map((quota) => ({ ...instance, quota, visitors })));
  }
  const measured = await inTurns(rounds, turns, async ({ quota, pid, request, visitors }) => {
    quota.add(pid);
    const pages = Array(visits).fill("/");
    const busy = await request({ visitors, pages });
    const alone = await request({ visitors, pages, pause: PAUSE });
    return { alone: bill(alone.durations), busy: bill(busy.durations) };
  });
  for (const { close } of turns) await close();
  for (const { remove } of quotas) remove();
  const figures = measured.map(({ rounds: { alone, busy } }) => ({
    alone: figure(alone),
    busy: figure(busy),
  }));
  return contenders.map(({ name }) => ({ name, sizes: figures.splice(0, quotas.length) }));
}

export type FirstVisit = Awaited<ReturnType<typeof measureFirstVisits>>[number];

/** Measures milliseconds of CPU time of INIT and of the first visit. */
export async function measureFirstVisits(contenders: Contender[], { endpoint }: Network, rounds: number) {
  const measured = await inTurns(rounds, contenders, async ({ folder, table }) => {
    const { initCpu: init, request, close } = await startFunction(folder, table, endpoint);
    const { cpu: visit } = await request({ visitors: [""], pages: ["/"] });
    await close();
    return { init, visit };
  });
  return measured.map(({ name, gzipped, rounds: { init, visit } }) => {
    return { name, gzipped, init: quantile(init, 0.5), visit: quantile(visit, 0.5) };
  });
}
