// What Lambda bills for visits, and what the first visitor to a new instance waits for.

import type { Contender } from "./archives";
import { startFunction } from "./functions";
import { bill, createQuota } from "./lambda";
import type { Network } from "./network";
import { type Figure, figure, inTurns } from "./rounds";

export const MEMORIES = [128, 256, 512];

/** Milliseconds to wait before a visit, up to twice as many: longer than the period in which Lambda counts CPU time. */
const PAUSE = 21;

/** Billed milliseconds of a visit after a pause, and of one right after another. By memory. */
export type Billed = { alone: Figure; busy: Figure }[];

/** Measures under Lambda's CPU quotas, in the contenders' order. Resolves to an empty list without root or Linux. */
export async function measureBilled(
  contenders: Contender[],
  { endpoint }: Network,
  rounds: number,
  visits: number,
): Promise<Billed[]> {
  const quotas = MEMORIES.map(createQuota).filter((quota) => quota !== undefined);
  if (quotas.length < MEMORIES.length) return [];
  const turns = [];
  for (const { folder, table } of contenders) {
    const instance = await startFunction(folder, table, endpoint);
    const warmUp = { visitors: Array(visits).fill(""), pages: Array(20 * visits).fill("/") };
    const { visitors } = await instance.request(warmUp);
    turns.push(...quotas.map((quota) => ({ ...instance, quota, visitors })));
  }
  const samples = await inTurns(rounds, turns, async ({ quota, pid, request, visitors }) => {
    quota.add(pid);
    const pages = Array(visits).fill("/");
    const busy = await request({ visitors, pages });
    const alone = await request({ visitors, pages, pause: PAUSE });
    return { alone: bill(alone.durations), busy: bill(busy.durations) };
  });
  for (const { close } of turns) await close();
  for (const { remove } of quotas) remove();
  const figures = samples.map((rounds) => ({
    alone: figure(rounds.map(({ alone }) => alone)),
    busy: figure(rounds.map(({ busy }) => busy)),
  }));
  return contenders.map((_, i) => figures.slice(i * quotas.length, (i + 1) * quotas.length));
}

/** Milliseconds of CPU time of INIT and of the first visit, in the contenders' order. */
export async function measureFirstVisits(contenders: Contender[], { endpoint }: Network, rounds: number) {
  const samples = await inTurns(rounds, contenders, async ({ folder, table }) => {
    const { initCpu: init, request, close } = await startFunction(folder, table, endpoint);
    const { cpu: visit } = await request({ visitors: [""], pages: ["/"] });
    await close();
    return { init, visit };
  });
  return samples.map((rounds) => ({
    init: figure(rounds.map(({ init }) => init)).median,
    visit: figure(rounds.map(({ visit }) => visit)).median,
  }));
}
