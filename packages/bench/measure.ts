import type { Contender, Jar } from "./contenders/contender";

/** The median of several rounds, and its quartiles. */
export interface Figure {
  median: number;
  low: number;
  high: number;
}

export function figure(values: number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

/** @param sorted in ascending order */
export const quantile = (sorted: number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

const measures = ["throughput", "p25", "p50", "p75", "p99", "cpu"] as const;
/** Visits per second, and per visit, in milliseconds, quantiles of the latency and this process's CPU time. */
export type Load = Record<(typeof measures)[number], number>;

export const figures = (loads: Load[]) =>
  Object.fromEntries(measures.map((name) => [name, figure(loads.map((load) => load[name]))])) as Record<
    keyof Load,
    Figure
  >;

/** Makes visits with one visitor per jar in parallel. Each visits again as soon as it has its response. */
export async function load({ visit }: Contender, jars: Jar[], visits: number): Promise<Load> {
  const latencies: number[] = [];
  let started = 0;
  const start = performance.now();
  const cpuStart = process.cpuUsage();
  await Promise.all(
    jars.map(async (jar) => {
      while (started++ < visits) {
        const visitStart = performance.now();
        await visit(jar);
        latencies.push(performance.now() - visitStart);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuStart);
  latencies.sort((a, b) => a - b);
  const [p25, p50, p75, p99] = [0.25, 0.5, 0.75, 0.99].map((share) => quantile(latencies, share));
  return { throughput: visits / seconds, p25, p50, p75, p99, cpu: (user + system) / 1000 / visits } as Load;
}

/** Makes parallel visits to one session, and returns how many are missing from its counter. */
export async function lostCounts({ visit }: Contender, parallel: number): Promise<number> {
  const jar: Jar = {};
  const before = await visit(jar);
  await Promise.all(Array.from({ length: parallel }, () => visit({ ...jar })));
  return before + parallel + 1 - (await visit(jar));
}

/** Runs `measure` round after round. On a terminal, shows how long it will take. */
export async function eachRound(rounds: number, measure: (round: number) => Promise<void>): Promise<void> {
  const start = performance.now();
  for (let round = 1; round <= rounds; round++) {
    await measure(round);
    const left = ((performance.now() - start) / round) * (rounds - round);
    const line = left ? `  round ${round} of ${rounds}, ${(left / 1000).toFixed(0)} s left` : "";
    if (process.stderr.isTTY) process.stderr.write(`\r${line}\x1b[K`);
  }
}
