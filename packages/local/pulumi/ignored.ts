import type { Created, Provider, Resource } from "./resource";

/** Inputs that need no emulation, or that physical names are made from. */
const HARMLESS = ["name", "namePrefix", "description", "tags", "tagsAll"];

/** What is not emulated of a resource, in words: its type, or inputs that its emulation ignores. */
export function listIgnored(
  { type, custom, inputs }: Resource,
  { ignored = [] }: Created,
  provider: Provider,
): string[] {
  // The program's own components have nothing to emulate; awsx has components that create resources.
  if (!custom && !type.startsWith("aws")) return [];
  const short = type.split(":").pop() ?? type;
  const honours = provider[type]?.honours;
  if (!honours) return [short];
  const known = [...HARMLESS, ...honours];
  const unknown = Object.entries(inputs).flatMap(([input, value]) =>
    known.includes(input) || isUnset(value) ? [] : `${short}.${input}`,
  );
  return [...unknown, ...ignored.map((what) => `${short}${what}`)];
}

/** Whether an input asks for nothing: it is undefined, `false`, or an object or list of these. */
const isUnset = (value: unknown): boolean =>
  value === undefined ||
  value === false ||
  (typeof value === "object" && value !== null && Object.values(value).every(isUnset));

/** Sorts what is not emulated and counts repetitions. */
export function summarize(ignored: string[]): string[] {
  const counts = new Map<string, number>();
  for (const what of ignored) counts.set(what, (counts.get(what) ?? 0) + 1);
  return [...counts].map(([what, count]) => (count > 1 ? `${what} (${count})` : what)).sort();
}
