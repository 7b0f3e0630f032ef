import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";

/** How long a session lives, in seconds. */
export interface Limits {
  /** It ends after being unused for this long, or up to a second later. */
  idleSeconds: number;
  /** It ends this long after its creation, however often it is used. */
  absoluteSeconds: number;
}

/** An item in DynamoDB's format. */
export type Item = Record<string, AttributeValue>;

export interface Session {
  /** The item's key. */
  id: string;
  /** Visits so far, including this one. */
  counter: number;
  /** Seconds until the session ends if there is no further visit. */
  secondsLeft: number;
}

export interface Visit {
  /** Unique to this visit. A second request with the same id is treated as a retry of the first. */
  requestId: string;
  /** Cancels the visit, including retries, when it fires. */
  abortSignal?: AbortSignal;
}

/** Its methods reject with the SDK's error if DynamoDB fails. */
export interface SessionStore {
  /**
   * Starts a session with an id that has never been used, and counts its first visit.
   *
   * @param former an item returned by {@link SessionStore.end}, whose data and count the new session takes over
   */
  create(id: string, visit: Visit, former?: Item): Promise<Session>;
  /** Counts a visit. Resolves to `undefined` if the session doesn't exist or has ended. */
  count(id: string, visit: Visit): Promise<Session | undefined>;
  /** Ends a session for good. Resolves to the item as it was, or to `undefined` if the session was not alive. */
  end(id: string, visit: Visit): Promise<Item | undefined>;
}

/**
 * How many request ids an item stores. A retry is recognized unless this many other visits to the session come in between.
 * With 16, the item stays below 1 KB, so a visit takes one write unit.
 */
const REMEMBERED_REQUESTS = 16;

const names = {
  "#counter": "counter",
  "#createdAt": "created-at",
  "#expiresAt": "expires-at",
  "#requests": "requests",
};

// TTL deletes expired items up to days late, so every visit checks both limits. A comparison with a missing attribute is
// false, so a visit can't revive a deleted or ended session.
const isAlive = "#expiresAt > :now AND #createdAt > :createdAfter";
// If a response gets lost, the SDK retries the request, but DynamoDB may have applied it.
const isAnotherRequest = "NOT contains(#requests, :requestId)";
// A visit whose clock is behind must not shorten the session.
const isLater = "#expiresAt <= :expiresAt";

// DynamoDB evaluates the right-hand sides before the update: the new id comes first, and the others move up by one.
const rememberRequest = [
  "#requests[0] = :requestId",
  ...Array.from({ length: REMEMBERED_REQUESTS - 1 }, (_, i) => `#requests[${i + 1}] = #requests[${i}]`),
].join(", ");

const creation = "SET #counter = :counter, #createdAt = :now, #expiresAt = :expiresAt, #requests = :requests";

const counting = {
  ConditionExpression: `${isAlive} AND ${isAnotherRequest} AND ${isLater}`,
  UpdateExpression: `SET #counter = #counter + :one, #expiresAt = :expiresAt, ${rememberRequest}`,
  ExpressionAttributeNames: names,
};

// The item stays until TTL deletes it. Without a creation time, nothing can revive it: neither a late attempt to create it nor
// a visit whose clock is behind.
const ending = {
  ConditionExpression: isAlive,
  UpdateExpression: "REMOVE #createdAt, #requests SET #expiresAt = :endsAt, #endedBy = :requestId",
  ExpressionAttributeNames: {
    "#createdAt": "created-at",
    "#expiresAt": "expires-at",
    "#endedBy": "ended-by",
    "#requests": "requests",
  },
};

/** Attributes that a new session doesn't take over from the former one. */
const ownAttributes = ["session-id", "counter", "created-at", "expires-at", "requests", "ended-by"];

/** Rounds to milliseconds, because floating-point arithmetic on seconds is inexact. */
const number = (value: number) => ({ N: `${Math.round(value * 1000) / 1000}` });

/**
 * Keeps sessions in a table whose hash key is `session-id` (String). Each method is one atomic conditional `UpdateItem`, so
 * parallel visits lose no count, and a visit counts once however often its request is sent. (A visit whose clock is behind the
 * previous visit's takes a second call.)
 *
 * @param now the clock, in milliseconds since 1970
 */
export function createSessionStore(
  dynamodb: Pick<DynamoDBClient, "send">,
  tableName: string,
  { idleSeconds, absoluteSeconds }: Limits,
  now: () => number,
): SessionStore {
  /** Resolves to the updated item or, if the condition rejected the update, to the item as it is. */
  async function update(
    id: string,
    { abortSignal }: Visit,
    expressions: Partial<UpdateItemCommandInput>,
    values: Item,
    returned: "ALL_NEW" | "ALL_OLD" = "ALL_NEW",
  ): Promise<{ isRejected: boolean; item?: Item }> {
    const command = new UpdateItemCommand({
      TableName: tableName,
      Key: { "session-id": { S: id } },
      ...expressions,
      ExpressionAttributeValues: values,
      ReturnValues: returned,
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    return dynamodb.send(command, { abortSignal }).then(
      ({ Attributes: item }) => {
        if (!item) throw new Error("DynamoDB returned no item");
        return { isRejected: false, item };
      },
      (error: unknown) => {
        if (error instanceof ConditionalCheckFailedException) return { isRejected: true, item: error.Item };
        throw error;
      },
    );
  }

  /** Returns the session as of this visit, or `undefined` if the item doesn't contain the visit. */
  function sessionOf(id: string, { requestId }: Visit, item: Item | undefined, time: number) {
    // The position of this request's id is the number of visits counted since: 0 after this update, more if an earlier attempt
    // succeeded. If the id is missing, the visit wasn't counted.
    const visitsSince = item?.requests?.L?.findIndex(({ S }) => S === requestId) ?? -1;
    if (!item || visitsSince < 0) return undefined;
    const absolute = Math.ceil(Number(item["created-at"]?.N) + absoluteSeconds - time);
    return {
      id,
      counter: Number(item.counter?.N) - visitsSince,
      secondsLeft: Math.min(idleSeconds, absolute),
    };
  }

  async function count(id: string, visit: Visit, earliestEnd = 0): Promise<Session | undefined> {
    const time = now() / 1000;
    // TTL needs whole seconds. Round up, so that no session ends before its limit.
    const expiresAt = Math.max(Math.ceil(time + idleSeconds), earliestEnd);
    const { isRejected, item } = await update(id, visit, counting, {
      ":one": number(1),
      ":now": number(time),
      ":createdAfter": number(time - absoluteSeconds),
      ":expiresAt": number(expiresAt),
      ":requestId": { S: visit.requestId },
    });
    const session = sessionOf(id, visit, item, time);
    if (session) return session;
    if (!isRejected) throw new Error("DynamoDB returned no item with this visit");
    const storedEnd = Number(item?.["expires-at"]?.N);
    return storedEnd > expiresAt ? count(id, visit, storedEnd) : undefined;
  }

  return {
    count: (id, visit) => count(id, visit),

    async create(id, visit, former = {}) {
      const time = now() / 1000;
      const data = Object.entries(former).filter(([name]) => !ownAttributes.includes(name));
      const { item } = await update(
        id,
        visit,
        {
          ConditionExpression: "attribute_not_exists(#id)",
          UpdateExpression: [creation, ...data.map((_, i) => `#data${i} = :data${i}`)].join(", "),
          ExpressionAttributeNames: {
            ...names,
            "#id": "session-id",
            ...Object.fromEntries(data.map(([name], i) => [`#data${i}`, name])),
          },
        },
        {
          ":counter": number(Number(former.counter?.N ?? 0) + 1),
          ":now": number(time),
          ":expiresAt": number(Math.ceil(time + idleSeconds)),
          ":requests": { L: [{ S: visit.requestId }, ...Array(REMEMBERED_REQUESTS - 1).fill({ S: "" })] },
          ...Object.fromEntries(data.map(([, value], i) => [`:data${i}`, value])),
        },
      );
      const session = sessionOf(id, visit, item, time);
      if (!session) throw new Error("the new session's id is already in use");
      return session;
    },

    async end(id, visit) {
      const time = now() / 1000;
      const { isRejected, item } = await update(
        id,
        visit,
        ending,
        {
          ":now": number(time),
          ":createdAfter": number(time - absoluteSeconds),
          ":endsAt": number(Math.ceil(time)),
          ":requestId": { S: visit.requestId },
        },
        "ALL_OLD",
      );
      return isRejected && item?.["ended-by"]?.S !== visit.requestId ? undefined : item;
    },
  };
}
