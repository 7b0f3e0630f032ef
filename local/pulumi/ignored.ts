import type { Created, Provider, Resource } from "./resource";

/** Inputs that need nothing to be real, or that the names of resources are made of. */
const HARMLESS = ["name", "namePrefix", "description", "tags", "tagsAll"];

/**
 * What of a resource the local run does not make real, in words: the whole type, or inputs that nothing honours.
 */
export function listIgnored(
  { type, inputs }: Resource,
  { ignored = [] }: Created,
  provider: Provider,
): string[] {
  // A component of the program's own only holds others together.
  if (!type.startsWith("aws")) return [];
  const short = type.split(":").pop() ?? type;
  const honours = provider[type]?.honours;
  if (!honours) return [short];
  const known = [...HARMLESS, ...honours];
  const unknown = Object.entries(inputs).flatMap(([input, value]) =>
    known.includes(input) || isUnset(value) ? [] : `${short}.${input}`,
  );
  return [...unknown, ...ignored.map((what) => `${short}${what}`)];
}

/** Whether an input asks for nothing: it is undefined, off, or an object or list of such. */
const isUnset = (value: unknown): boolean =>
  value === undefined ||
  value === false ||
  (typeof value === "object" && value !== null && Object.values(value).every(isUnset));

/** The same, sorted, each with how often it is there. */
export function summarize(ignored: string[]): string[] {
  const counts = new Map<string, number>();
  for (const what of ignored) counts.set(what, (counts.get(what) ?? 0) + 1);
  return [...counts].map(([what, count]) => (count > 1 ? `${what} (${count})` : what)).sort();
}
