import { type Change, clausesOf, type Item } from "./change";
import { isInvalid, SessionError } from "./errors";
import { accessItems, type Client, changeFull, change as changing, creation, number, updates } from "./item";
import { changesSince, createRequest, FULL } from "./request";

/** Where sessions are, and how long they live. */
export interface StoreOptions {
  /** A table whose hash key is `session-id` (String), with TTL on `expires-at`. */
  tableName: string;
  /** Seconds without use after which a session ends. */
  idleSeconds: number;
  /** Seconds after its start at which a session ends, even if it is in use. */
  absoluteSeconds: number;
  dynamodb: Client;
  /** The clock, in milliseconds since 1970. */
  now: () => number;
}

export interface Found {
  item: Item;
  /** How many later changes the item includes: more than 0 only if a response of DynamoDB got lost. */
  laterChanges: number;
}

/** Why an id has no live session: "renewed" if a login has just given it a new one. */
export type Absent = "ended" | "renewed";

// For this long after a login, requests with the old id get a 409.
const RENEWED_SECONDS = 30;
// The item of an ended session stays at least this long, so that a late request can't create it again.
const ENDED_SECONDS = 60;

/** Sessions by id. Each step is one atomic conditional update, so parallel requests lose nothing. */
export function createStore<Data>(options: StoreOptions) {
  const { idleSeconds, absoluteSeconds, now } = options;
  const items = accessItems(options.dynamodb, options.tableName);
  // Slots that this instance has seen full. Another instance may have emptied them since.
  const full = new Set<string>();
  const createdAt = (item?: Item) => Number(item?.["created-at"]?.N);
  const expiresAt = (item?: Item) => Number(item?.["expires-at"]?.N);
  const isLive = (item: Item | undefined, time: number) =>
    createdAt(item) > time - absoluteSeconds && expiresAt(item) > time;

  /** The current time in seconds, and the values for the conditions. TTL needs whole seconds. */
  function clock() {
    const time = now() / 1000;
    const limits = { ":now": number(time), ":createdAfter": number(time - absoluteSeconds) };
    return { time, limits, expiry: { ":expiresAt": number(Math.ceil(time + idleSeconds)) } };
  }
  const listOf = (id: string) => ({ L: [{ S: id }] });

  function whyAbsent(item: Item | undefined, time: number): Absent {
    const isRecent = expiresAt(item) - idleSeconds > time - RENEWED_SECONDS;
    return item?.successor && isRecent ? "renewed" : "ended";
  }

  return {
    /** Seconds until the session ends if it isn't used again. */
    secondsLeft(item: Item): number {
      const end = Math.min(expiresAt(item), createdAt(item) + absoluteSeconds);
      return Math.min(idleSeconds, Math.ceil(end - now() / 1000));
    },

    async change(id: string, change: Change<Data>): Promise<Found | Absent> {
      const { time, limits, expiry } = clock();
      const request = createRequest(time);
      const ids = { ":id": { S: request.id }, ":request": listOf(request.id), ":none": { L: [] } };
      const values = { ...limits, ...expiry, ...ids };
      const clauses = clausesOf(change);
      const slot = `${request.slot} ${id}`;
      try {
        let updated = full.delete(slot)
          ? await items.update(id, changeFull(request), { ...values, ":full": number(FULL) }, clauses)
          : undefined;
        // Another instance has emptied the slot in the meantime.
        if (!updated || updated.isRejected)
          updated = await items.update(id, changing(request), values, clauses);
        const { item, isRejected } = updated;
        // What was applied just now is the latest change, even if it arrived after some of the next period.
        const laterChanges = isRejected ? changesSince(request, item) : 0;
        if (item && laterChanges !== undefined) {
          if (full.size > 1000) full.clear();
          if ((item[request.slot]?.L?.length ?? 0) >= FULL) full.add(slot);
          return { item, laterChanges };
        }
        return whyAbsent(item, time);
      } catch (error) {
        if (!isInvalid(error) || !/operand/i.test(error.message)) throw error;
        // Somebody has edited the item, or an earlier version of the app kept another type of value under this name.
        console.warn({ message: "the item of a live session can't be used", reason: error.message });
        return "ended";
      }
    },

    /** Reads the item, and extends its idle limit once more than a tenth of it has passed. */
    async read(id: string): Promise<Found | Absent> {
      const { time, limits, expiry } = clock();
      const item = await items.get(id);
      if (!isLive(item, time)) return whyAbsent(item, time);
      const passed = Math.abs(time + idleSeconds - expiresAt(item));
      if (item && !item.unused && passed <= idleSeconds / 10) return { item, laterChanges: 0 };
      const extended = await items.update(id, updates.extend, { ...limits, ...expiry });
      return extended.item && !extended.isRejected
        ? { item: extended.item, laterChanges: 0 }
        : whyAbsent(extended.item, time);
    },

    /** @param former the data of the session that this one continues */
    async create(id: string, change: Change<Data>, former?: Item): Promise<Found> {
      const { time, limits, expiry } = clock();
      const request = createRequest(time);
      const values = {
        ":now": limits[":now"],
        ...expiry,
        ":request": listOf(request.id),
        ...(former && { ":true": { BOOL: true } }),
      };
      const update = creation(request, former !== undefined);
      const { item } = await items.update(id, update, values, clausesOf(change, former));
      const laterChanges = changesSince(request, item);
      if (item && laterChanges !== undefined) return { item, laterChanges };
      throw new SessionError(409, "another request has renewed the session");
    },

    /**
     * Ends a session in favor of a successor, which must not be created before this resolves to the item. If an earlier
     * attempt got this far and its successor is unused, this attempt takes over, and ends that successor first.
     */
    async renew(id: string, successor: string): Promise<Item | Absent> {
      const { time, limits, expiry } = clock();
      const values = { ...expiry, ":successor": { S: successor } };
      const { item } = await items.update(id, updates.renew, { ...values, ...limits });
      const former = item?.successor?.S;
      if (item && former === successor) return item;
      if (!former || expiresAt(item) <= time) return whyAbsent(item, time);

      const { isRejected } = await items.update(former, updates.endUnused, {
        ...expiry,
        ":true": { BOOL: true },
      });
      if (isRejected) return whyAbsent(item, time);
      const replaced = { ...values, ":former": { S: former } };
      const { item: again } = await items.update(id, updates.replaceSuccessor, replaced);
      return again?.successor?.S === successor ? again : "renewed";
    },

    /** Ends a session for good. Resolves to whether it was alive. */
    async end(id: string): Promise<boolean | Absent> {
      const { time } = clock();
      const request = { S: createRequest(time).id };
      const values = { ":expiresAt": number(Math.ceil(time) + ENDED_SECONDS), ":request": request };
      const { item, isRejected } = await items.update(id, updates.end, values, undefined, "ALL_OLD");
      if (!isRejected) return isLive(item, time);
      return item?.closed?.S === request.S || whyAbsent(item, time);
    },
  };
}
