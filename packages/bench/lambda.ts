import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";

/** MB at which a function has one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MEMORY_PER_CORE = 1769;

/**
 * Milliseconds. In each period, a function runs at full speed until it has used its share of a core, then pauses until the next
 * (measured: https://github.com/pwrdrvr/lambda-throttling).
 */
const PERIOD = 20;

/** For arm64 in us-east-1, in dollars: https://aws.amazon.com/lambda/pricing/ */
const GIGABYTE_SECOND = 0.0000133334;
const INVOCATION = 0.2e-6;

/** A function's share of a core, after INIT. */
export const shareOf = (memory: number) => Math.min(1, memory / MEMORY_PER_CORE);

/** Milliseconds of CPU time in each period. */
export const quotaOf = (memory: number) => shareOf(memory) * PERIOD;

/** Dollars per million visits that take these times. Lambda rounds each up to a whole millisecond. */
export const priceOf = (memory: number, milliseconds: number[]) => {
  const billed = milliseconds.reduce((sum, wall) => sum + Math.ceil(wall), 0) / milliseconds.length;
  return 1e6 * (INVOCATION + (GIGABYTE_SECOND * memory * billed) / 1024 / 1000);
};

/**
 * Creates a control group whose processes get a function's share of a core, with priority over other processes on this machine.
 * Returns `undefined` without root or Linux.
 */
export function createQuota(memory: number): { folder: string; remove(): void } | undefined {
  const [version1, version2] = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup"];
  const isVersion1 = existsSync(`${version1}/cpu.cfs_quota_us`);
  const folder = `${isVersion1 ? version1 : version2}/bench-${process.pid}-${memory}`;
  const [quota, period] = [Math.round(quotaOf(memory) * 1000), PERIOD * 1000];
  const limits: [file: string, content: string | number][] = isVersion1
    ? [
        ["cpu.cfs_period_us", period],
        ["cpu.cfs_quota_us", quota],
        ["cpu.shares", 100_000],
      ]
    : [
        ["cpu.max", `${quota} ${period}`],
        ["cpu.weight", 10_000],
      ];
  try {
    mkdirSync(folder);
    for (const [file, content] of limits) writeFileSync(`${folder}/${file}`, `${content}`);
  } catch {
    return undefined;
  }
  return { folder, remove: () => rmdirSync(folder) };
}
