export type Figure = ReturnType<typeof figure>;

/** The median of several rounds, and its quartiles. */
export function figure(values: number[]) {
  return { median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

/**
 * Measures each subject in turn, round after round, so that this machine's other work affects all of them equally.
 * Resolves to each subject with its values of each measure, by round.
 */
export async function inTurns<Subject extends object, Measure extends string>(
  rounds: number,
  subjects: Subject[],
  measure: (subject: Subject) => Promise<Record<Measure, number>>,
) {
  const measured = subjects.map((subject) => ({ ...subject, rounds: {} as Record<Measure, number[]> }));
  for (let round = 0; round < rounds; round++) {
    for (const subject of measured) {
      const values = Object.entries(await measure(subject)) as [Measure, number][];
      for (const [name, value] of values) subject.rounds[name] = [...(subject.rounds[name] ?? []), value];
    }
  }
  return measured;
}
