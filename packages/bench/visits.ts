// Latency, throughput and lost counts of every contender. Runs in its own process, because Node.js reads trusted certificates
// when it starts.

import { startAll } from "./contenders/all";
import type { Jar } from "./contenders/contender";
import { type Engine, startDynamoDB } from "./dynamodb";
import { eachRound, type Figure, figure, figures, type Load, load, lostCounts } from "./measure";
import { startNetwork } from "./network";
import { announce, startProcess } from "./processes";

export const PARALLEL = [1, 16];
/** Parallel visits to one session, to see which counts get lost. */
export const AT_ONCE = 64;

export interface Visits {
  name: string;
  /** By the number of parallel visitors. */
  loads: Record<
    number,
    Record<keyof Load, Figure> & { timesTheFloor: Figure; timesOurCall: Figure; ofOurThroughput: Figure }
  >;
  lost: number;
}

/** Measures every contender on an engine, with or without the network. */
export async function measureVisits(
  engine: Engine,
  withNetwork: boolean,
  rounds: number,
  visits: number,
): Promise<Visits[]> {
  const dynamodb = await startDynamoDB({ engine });
  const network = withNetwork ? await startNetwork(dynamodb.endpoint) : undefined;
  const child = await startProcess<Visits[]>(
    __filename,
    [network?.endpoint ?? dynamodb.endpoint, `${rounds}`, `${visits}`],
    { NODE_EXTRA_CA_CERTS: network?.certificate },
  );
  await child.close();
  await network?.close();
  await dynamodb.close();
  return child.message;
}

/** Visits the contenders in turn, round after round, so that the machine's other work affects all of them equally. */
async function visitAll(endpoint: string, rounds: number, visits: number): Promise<Visits[]> {
  const contenders = await startAll(endpoint);
  const jars = contenders.map((): Jar[] => Array.from({ length: Math.max(...PARALLEL) }, () => ({})));
  for (const [i, contender] of contenders.entries()) await load(contender, jars[i] ?? [], 4 * visits);

  const samples = contenders.map(() => new Map<number, Load[]>(PARALLEL.map((parallel) => [parallel, []])));
  await eachRound(rounds, async () => {
    for (const parallel of PARALLEL) {
      for (const [i, contender] of contenders.entries()) {
        const own = (jars[i] ?? []).slice(0, parallel);
        samples[i]?.get(parallel)?.push(await load(contender, own, parallel === 1 ? visits : 3 * visits));
      }
    }
  });

  const results: Visits[] = [];
  const samplesOf = (name: string, parallel: number) =>
    samples[contenders.findIndex((contender) => contender.name === name)]?.get(parallel) ?? [];
  for (const contender of contenders) {
    const loads: Visits["loads"] = {};
    for (const parallel of PARALLEL) {
      const own = samplesOf(contender.name, parallel);
      // Compare within a round, where conditions are the same.
      const against = (name: string, ratio: (own: Load, other: Load) => number) => {
        const others = samplesOf(name, parallel);
        return figure(own.map((load, round) => ratio(load, others[round] as Load)));
      };
      loads[parallel] = {
        ...figures(own),
        timesTheFloor: against("bare UpdateItem", (own, floor) => own.p50 / floor.p50),
        timesOurCall: against("our UpdateItem without the handler", (own, call) => own.p50 / call.p50),
        ofOurThroughput: against("our handler", (own, ours) => ours.throughput / own.throughput),
      };
    }
    results.push({ name: contender.name, loads, lost: await lostCounts(contender, AT_ONCE) });
  }
  for (const contender of contenders) await contender.close?.();
  return results;
}

if (require.main === module) {
  const [endpoint = "", rounds, visits] = process.argv.slice(2);
  visitAll(endpoint, Number(rounds), Number(visits)).then(announce);
}
