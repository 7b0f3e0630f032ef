import { randomUUID } from "node:crypto";
import type { Item } from "./change";

/**
 * An item remembers the ids of its latest changes, so that a retry isn't applied again. A retry arrives within seconds,
 * and few sessions change often in that time. So each period of time has a slot for its ids, and each change removes
 * the slot of the last period but one.
 */
export interface Request {
  id: string;
  /** The attribute that lists the ids of this period's requests. */
  slot: string;
  /** The slot of the period before. */
  recent: string;
  /** The slot before that, which can go. (The fourth is the next one: it may have ids if this request arrives late.) */
  old: string;
}

// The SDK's last attempt starts less than four seconds after the first, and clocks may differ a little.
const PERIOD_SECONDS = 6;

/** If a session changes faster than any person, older ids are forgotten earlier: a slot moves on at this many. */
export const FULL = 10;

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const letterOf = (period: number) => LETTERS[period % LETTERS.length];

const SLOTS = 4;
const slotOf = (period: number) => `requests${period % SLOTS}`;

/** @param time in seconds since 1970 */
export function createRequest(time: number): Request {
  const period = Math.floor(time / PERIOD_SECONDS);
  return {
    // Short, because an item holds several: 36 random bits. The first letter tells the period: see changesSince.
    id: `${letterOf(period)}${Buffer.from(randomUUID().slice(24), "hex").toString("base64url").slice(0, 6)}`,
    slot: slotOf(period),
    recent: slotOf(period - 1),
    old: slotOf(period - 2),
  };
}

/**
 * How many changes have followed this request's own. It is more than 0 only in the response to a retry.
 *
 * @returns `undefined` if the item doesn't remember the request
 */
export function changesSince({ id, slot }: Request, item: Item | undefined): number | undefined {
  const lists = [0, 1, 2, 3].map((i) => ({
    slot: slotOf(i),
    ids: item?.[slotOf(i)]?.L?.map(({ S = "" }) => S) ?? [],
  }));
  const found = lists.find(({ ids }) => ids.includes(id));
  if (!found) return undefined;
  const [thisPeriod] = id;
  const nextPeriod = letterOf(LETTERS.indexOf(id.charAt(0)) + 1);
  // The request's own list has moved on if its slot was full.
  const isLater =
    (list: string) =>
    ([letter]: string) =>
      letter === nextPeriod || (letter === thisPeriod && list === slot);
  const inOthers = lists.flatMap((list) => (list === found ? [] : list.ids.filter(isLater(list.slot))));
  return found.ids.length - 1 - found.ids.indexOf(id) + inOthers.length;
}
