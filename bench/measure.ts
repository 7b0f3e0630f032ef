import type { Contender, Jar } from "./contenders/contender";

/** A figure from several rounds: the median, and the quartiles around it. */
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

export interface Load {
  /** Visits a second. */
  throughput: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

/** As many visitors as there are jars visit in parallel, each again as soon as it has its answer. */
export async function load({ visit }: Contender, jars: Jar[], visits: number): Promise<Load> {
  const latencies: number[] = [];
  let started = 0;
  const start = performance.now();
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
  latencies.sort((a, b) => a - b);
  return { throughput: visits / seconds, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}

/** How many of the visits in parallel to one and the same session are missing from its counter afterwards. */
export async function lostCounts({ visit }: Contender, parallel: number): Promise<number> {
  const jar: Jar = {};
  const before = await visit(jar);
  await Promise.all(Array.from({ length: parallel }, () => visit({ ...jar })));
  return before + parallel + 1 - (await visit(jar));
}
