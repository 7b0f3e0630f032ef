/** The median of several rounds, and its quartiles. */
export interface Figure {
  median: number;
  low: number;
  high: number;
}

export function figure(values: number[]): Figure {
  return { median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/**
 * Measures each subject in turn, round after round, so that this machine's other work affects all of them equally.
 * Resolves to the results of each subject by round. On a terminal, shows how long it will take.
 */
export async function inTurns<Subject, Result>(
  rounds: number,
  subjects: Subject[],
  measure: (subject: Subject) => Promise<Result>,
): Promise<Result[][]> {
  const results = subjects.map((): Result[] => []);
  const start = performance.now();
  for (let round = 1; round <= rounds; round++) {
    for (const [i, subject] of subjects.entries()) results[i]?.push(await measure(subject));
    const left = ((performance.now() - start) / round) * (rounds - round);
    const line = left ? `  round ${round} of ${rounds}, ${(left / 1000).toFixed(0)} s left` : "";
    if (process.stderr.isTTY) process.stderr.write(`\r${line}\x1b[K`);
  }
  return results;
}
