import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";

/** MB at which a function has one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MEMORY_PER_CORE = 1769;

/**
 * Milliseconds. In each period, a function runs at full speed until it has used its share of a core, then pauses until
 * the next (measured: https://github.com/pwrdrvr/lambda-throttling).
 */
const PERIOD = 20;

/** For arm64 in us-east-1, in dollars: https://aws.amazon.com/lambda/pricing/ */
const GIGABYTE_SECOND = 0.0000133334;

/** Milliseconds that Lambda bills for a visit, given how long each takes: it rounds up. */
export const bill = (durations: number[]) =>
  durations.reduce((sum, duration) => sum + Math.ceil(duration), 0) / durations.length;

/** Dollars for a million visits, without the price per request. */
export const priceOfTime = (memory: number, milliseconds: number) =>
  (1e6 * GIGABYTE_SECOND * memory * milliseconds) / 1024 / 1000;

/**
 * Creates a control group whose processes get the CPU time of a function with this memory, before other processes on
 * this machine. Returns `undefined` without root or Linux.
 */
export function createQuota(memory: number) {
  const version1 = "/sys/fs/cgroup/cpu";
  const isVersion1 = existsSync(`${version1}/cpu.cfs_quota_us`);
  const folder = `${isVersion1 ? version1 : "/sys/fs/cgroup"}/bench-${process.pid}-${memory}`;
  const period = PERIOD * 1000;
  const quota = Math.round(Math.min(1, memory / MEMORY_PER_CORE) * period);
  const limits = isVersion1
    ? { "cpu.cfs_period_us": period, "cpu.cfs_quota_us": quota, "cpu.shares": 100_000 }
    : { "cpu.max": `${quota} ${period}`, "cpu.weight": 10_000 };
  try {
    mkdirSync(folder);
    for (const [file, content] of Object.entries(limits)) writeFileSync(`${folder}/${file}`, `${content}`);
  } catch {
    return undefined;
  }
  return {
    add: (pid: number) => writeFileSync(`${folder}/cgroup.procs`, `${pid}`),
    remove: () => rmdirSync(folder),
  };
}
