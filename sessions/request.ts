import { randomUUID } from "node:crypto";
import type { Item } from "./change";

/**
 * An item remembers the ids of its latest changes, so that a retry isn't applied again. A retry arrives within seconds,
 * and few sessions change often in that time. So each period of time has a slot for its ids, and each change removes
 * the slot of three periods ago.
 */
export interface Request {
  id: string;
  /** The attribute that lists the ids of this period's requests. */
  slot: string;
  /** The slots of the two periods before. */
  recent: string;
  older: string;
  expired: string;
  /** The slot of the next period: it may have ids if this request arrives late. */
  next: string;
}

// The SDK's last attempt starts less than four seconds after the first, and clocks may differ a little.
const PERIOD_SECONDS = 6;

/** If a session changes faster than any person, older ids are forgotten earlier: a slot moves on at this many. */
export const FULL = 7;

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const letterOf = (period: number) => LETTERS[period % LETTERS.length];

const SLOTS = 5;
const slotOf = (period: number) => `requests${period % SLOTS}`;

/** @param time in seconds since 1970 */
export function createRequest(time: number): Request {
  const period = Math.floor(time / PERIOD_SECONDS);
  return {
    // Short, because an item holds several: 36 random bits. The first letter tells the period: see changesSince.
    id: `${letterOf(period)}${Buffer.from(randomUUID().slice(24), "hex").toString("base64url").slice(0, 6)}`,
    slot: slotOf(period),
    recent: slotOf(period - 1),
    older: slotOf(period - 2),
    expired: slotOf(period - 3),
    next: slotOf(period + 1),
  };
}

/**
 * How many changes have followed this request's own. It is more than 0 only in the response to a retry.
 *
 * @returns `undefined` if the item doesn't remember the request
 */
export function changesSince(request: Request, item: Item | undefined): number | undefined {
  const { id, slot, recent, older, next } = request;
  // Oldest first. The request's own list moves from slot to slot if the session changes quickly.
  const lists = [older, recent, slot, next].map((name) => item?.[name]?.L?.map(({ S = "" }) => S) ?? []);
  const found = lists.findIndex((ids) => ids.includes(id));
  if (found < 0) return undefined;
  const letters = [id.charAt(0), letterOf(LETTERS.indexOf(id.charAt(0)) + 1)];
  const isLater = (other: string) => letters.includes(other.charAt(0));
  const [own = [], ...newer] = lists.slice(found);
  return own.length - 1 - own.indexOf(id) + newer.flat().filter(isLater).length;
}
