import { styleText } from "node:util";
import { promises } from "./promises";
import type { Site } from "./site";

/**
 * Holds every promise against a site, one after the other, and shows each with what was seen.
 *
 * @param isOver asked before each promise: whether to leave out the rest
 * @returns how many fell short
 */
export async function holdAll(
  site: Site,
  show: (line: string) => void,
  isOver = () => false,
): Promise<number> {
  let short = 0;
  let held = 0;
  for (const { sentence, check } of promises) {
    if (isOver()) break;
    const start = performance.now();
    const outcome = await check(site).then(
      (seen) => ({ mark: styleText("green", "kept "), seen }),
      (error: Error) => ({ mark: styleText("red", "SHORT"), seen: error.message || error.name }),
    );
    if (outcome.mark.includes("SHORT")) short += 1;
    else held += 1;
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    show(`${outcome.mark}  ${sentence}\n       ${outcome.seen} (${seconds} s)`);
  }
  show(`${held} of ${promises.length} promises were kept.`);
  if (site.turnedAway > 0)
    show(`Limits on requests turned ${site.turnedAway} away at first, which came again.`);
  show(`Left behind: ${site.started.size} sessions, which end when they have been idle for their time.`);
  return short;
}
