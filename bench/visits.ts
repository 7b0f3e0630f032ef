import { startAll } from "./contenders/all";
import type { Jar } from "./contenders/contender";
import { startDynamoDB } from "./dynamodb";
import { type Figure, figure, type Load, load, lostCounts } from "./measure";

export const PARALLEL = [1, 16, 64];

export interface Visits {
  name: string;
  /** By the number of parallel visitors. */
  loads: Record<
    number,
    Record<keyof Load, Figure> & { timesTheFloor: Figure; timesOurCall: Figure; ofOurThroughput: Figure }
  >;
  lost: number;
}

/** Visits to every contender in turn, round after round, so that what else the machine does meets all alike. */
export async function measureVisits(rounds: number, visits: number): Promise<Visits[]> {
  const dynamodb = await startDynamoDB();
  const contenders = await startAll(dynamodb.endpoint);
  const jars = contenders.map((): Jar[] => Array.from({ length: 64 }, () => ({})));
  for (const [i, contender] of contenders.entries()) await load(contender, jars[i] ?? [], 4 * visits);

  const samples = contenders.map(() => new Map<number, Load[]>(PARALLEL.map((parallel) => [parallel, []])));
  for (let round = 0; round < rounds; round++) {
    for (const parallel of PARALLEL) {
      for (const [i, contender] of contenders.entries()) {
        const sample = await load(
          contender,
          (jars[i] ?? []).slice(0, parallel),
          parallel === 1 ? visits : 3 * visits,
        );
        samples[i]?.get(parallel)?.push(sample);
      }
    }
  }

  const results: Visits[] = [];
  const ours = contenders.findIndex(({ name }) => name === "our handler");
  for (const [i, contender] of contenders.entries()) {
    const loads: Visits["loads"] = {};
    for (const parallel of PARALLEL) {
      const own = samples[i]?.get(parallel) ?? [];
      const floor = samples[0]?.get(parallel) ?? [];
      const call = samples[1]?.get(parallel) ?? [];
      const handler = samples[ours]?.get(parallel) ?? [];
      loads[parallel] = {
        throughput: figure(own.map(({ throughput }) => throughput)),
        p50: figure(own.map(({ p50 }) => p50)),
        p99: figure(own.map(({ p99 }) => p99)),
        // Within a round, where conditions are the same.
        timesTheFloor: figure(own.map(({ p50 }, round) => p50 / (floor[round]?.p50 ?? 0))),
        timesOurCall: figure(own.map(({ p50 }, round) => p50 / (call[round]?.p50 ?? 0))),
        ofOurThroughput: figure(
          own.map(({ throughput }, round) => (handler[round]?.throughput ?? 0) / throughput),
        ),
      };
    }
    results.push({ name: contender.name, loads, lost: await lostCounts(contender, 64) });
  }
  for (const contender of contenders) await contender.close?.();
  await dynamodb.close();
  return results;
}
