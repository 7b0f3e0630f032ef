import { styleText } from "node:util";
import { checks } from "./checks";
import type { Client } from "./client";

/**
 * Runs all checks against a stack, one after another, and shows each result.
 *
 * @param isCancelled asked before each check; if true, the rest are skipped
 * @returns the number of failed checks
 */
export async function runChecks(
  client: Client,
  show: (line: string) => void,
  isCancelled = () => false,
): Promise<number> {
  let passed = 0;
  let failed = 0;
  for (const { title, run } of checks) {
    if (isCancelled()) break;
    const start = performance.now();
    const report = (mark: string, detail: string) => {
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      show(`${mark}  ${title}\n      ${detail} (${seconds} s)`);
    };
    try {
      report(styleText("green", "pass"), await run(client));
      passed += 1;
    } catch (error) {
      report(styleText("red", "FAIL"), (error as Error).message || (error as Error).name);
      failed += 1;
    }
  }
  show(`${passed} of ${checks.length} checks passed.`);
  if (client.throttled > 0) show(`${client.throttled} requests were throttled and sent again.`);
  show(`${client.startedSessions.size} sessions were left behind; they expire when idle.`);
  return failed;
}
