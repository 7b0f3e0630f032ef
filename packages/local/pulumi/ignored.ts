import type { Created, Provider, Resource } from "./resource";

/** Inputs that need no emulation, or that physical names are made from. */
const HARMLESS = ["name", "namePrefix", "description", "tags", "tagsAll"];

/** The last part of a type or of a data source's token. */
export const shortName = (type: string): string => type.split(":").pop() ?? type;

/** What the emulation of a resource ignores, in words: some of its inputs, or what it says itself. */
export function listIgnored(
  { type, inputs }: Resource,
  { ignored = [] }: Created,
  provider: Provider,
): string[] {
  const short = shortName(type);
  const known = [...HARMLESS, ...(provider[type]?.honors ?? Object.keys(inputs))];
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
