import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { convertToAttr, convertToNative } from "@aws-sdk/util-dynamodb";

/** An item in DynamoDB's format. */
export type Item = Record<string, AttributeValue>;

/** The attributes that the store keeps for itself. All others are the app's own data. */
const RESERVED = [
  "session-id",
  "created-at",
  "expires-at",
  "requests0",
  "requests1",
  "requests2",
  "requests3",
  "requests4",
  "unused",
  "successor",
  "closed",
] as const;
const isReserved = (name: string) => (RESERVED as readonly string[]).includes(name);

type Unstorable = Date | Map<unknown, unknown> | ((...args: never) => unknown) | symbol | bigint;

/** What an app may keep in a session: under any name but the store's own, any value that DynamoDB can store. */
export type Storable<Data> = {
  [Name in keyof Data]: Name extends (typeof RESERVED)[number]
    ? never
    : Data[Name] extends Unstorable
      ? never
      : Data[Name];
};

type NamesOf<Data, Value> = {
  [Name in keyof Data]: NonNullable<Data[Name]> extends Value ? Name : never;
}[keyof Data];
type Addable<Data> = NamesOf<Data, number | ReadonlySet<unknown> | readonly unknown[]>;

/** Changes to a session's data. All of them are applied in one update, or none. */
export interface Change<Data> {
  /** Values to set, whatever was there before. */
  set?: { readonly [Name in keyof Data]?: Data[Name] };
  /** Numbers to add to a number, members to add to a set, entries to append to a list. */
  add?: { readonly [Name in Addable<Data>]?: Data[Name] };
  /** Names to remove. */
  remove?: readonly (keyof Data & string)[];
}

/** A change as clauses of an update expression. */
export interface Clauses {
  set: string[];
  add: string[];
  remove: string[];
  names: Record<string, string>;
  values: Item;
}

/**
 * Translates a change for DynamoDB.
 *
 * @param base the data of a session that this one continues: the item doesn't exist yet, and starts with it
 * @throws Error if a name is reserved or a value can't be stored, such as NaN, an empty set or a class instance
 */
export function clausesOf<Data>({ set = {}, add = {}, remove = [] }: Change<Data>, base: Item = {}): Clauses {
  const clauses: Clauses = { set: [], add: [], remove: [], names: {}, values: {} };
  let count = 0;
  const rest = { ...base };

  function placeholders(name: string, value?: AttributeValue) {
    if (isReserved(name)) throw new Error(`"${name}" is reserved for the session store`);
    const key = `d${count++}`;
    clauses.names[`#${key}`] = name;
    if (value) clauses.values[`:${key}`] = value;
    delete rest[name];
    return { key, path: `#${key}`, value: `:${key}` };
  }

  for (const [name, native] of Object.entries(add)) {
    const before = base[name];
    if (native instanceof Set) {
      const all = before ? new Set([...(convertToNative(before) as Set<unknown>), ...native]) : native;
      const { path, value } = placeholders(name, toAttribute(name, all));
      clauses.add.push(`${path} ${value}`);
    } else {
      const { key, path, value } = placeholders(name, toAttribute(name, native));
      const isList = Array.isArray(native);
      const current = `if_not_exists(${path}, :${key}base)`;
      clauses.values[`:${key}base`] = before ?? (isList ? { L: [] } : { N: "0" });
      clauses.set.push(`${path} = ${isList ? `list_append(${current}, ${value})` : `${current} + ${value}`}`);
    }
  }
  for (const [name, native] of Object.entries(set)) {
    const { path, value } = placeholders(name, toAttribute(name, native));
    clauses.set.push(`${path} = ${value}`);
  }
  for (const name of remove) clauses.remove.push(placeholders(name).path);
  for (const [name, attribute] of Object.entries(rest)) {
    if (isReserved(name)) continue;
    const { path, value } = placeholders(name, attribute);
    clauses.set.push(`${path} = ${value}`);
  }
  return clauses;
}

function toAttribute(name: string, native: unknown): AttributeValue {
  try {
    return convertToAttr(native as Parameters<typeof convertToAttr>[0]);
  } catch (cause) {
    throw new Error(`"${name}" can't be stored: ${(cause as Error).message}`, { cause });
  }
}

/** The app's own data. Numbers above 2^53 lose precision. */
export function dataOf<Data>(item: Item): Partial<Data> {
  const data = Object.entries(item)
    .filter(([name]) => !isReserved(name))
    .map(([name, value]) => [name, convertToNative(value, { wrapNumbers: Number })]);
  return Object.fromEntries(data) as Partial<Data>;
}
