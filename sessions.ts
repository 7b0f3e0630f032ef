import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";

/** How long a session lives, in seconds. */
export interface Limits {
  /** It ends when it has not been used for this long, or up to a second later. */
  idleSeconds: number;
  /** It ends this long after its creation, however much it is used. */
  absoluteSeconds: number;
}

/** An item in DynamoDB's format. */
export type Item = Record<string, AttributeValue>;

export interface Session {
  /** The item's key. */
  id: string;
  /** Visits so far, this one included. */
  counter: number;
  /** Seconds until the session ends if no further visit comes. */
  secondsLeft: number;
}

export interface Visit {
  /** Unique to this visit. A second request with the same id counts as a retry of the first. */
  requestId: string;
  /** Gives up, retries included, when it fires. */
  abortSignal?: AbortSignal;
}

/** Rejects with the SDK's error when DynamoDB fails. */
export interface SessionStore {
  /**
   * Starts a session under an id that has never been used, counting its first visit.
   *
   * @param former an item that {@link SessionStore.end} has returned: the new session takes over its data and its count
   */
  create(id: string, visit: Visit, former?: Item): Promise<Session>;
  /** Counts a visit. Resolves to `undefined` when there is no such session or when it has ended. */
  count(id: string, visit: Visit): Promise<Session | undefined>;
  /** Ends a session for good. Resolves to its item before that, or to `undefined` if it was not alive. */
  end(id: string, visit: Visit): Promise<Item | undefined>;
}

/**
 * How many request ids an item remembers. A retry is recognised unless this many other visits of the same
 * session came in between. 16 of them keep the item below 1 KB, so that a visit costs one write unit.
 */
const REMEMBERED_REQUESTS = 16;

const names = {
  "#counter": "counter",
  "#createdAt": "created-at",
  "#expiresAt": "expires-at",
  "#requests": "requests",
};

// TTL deletes ended sessions up to days late, so both limits are checked at each visit. A comparison with a missing attribute
// is false, so a deleted or ended session isn't revived either.
const isAlive = "#expiresAt > :now AND #createdAt > :bornAfter";
// When an answer gets lost, the SDK retries, although DynamoDB may have carried out the request.
const isAnotherRequest = "NOT contains(#requests, :requestId)";
// Clocks differ: a visit whose clock is behind must not shorten the session.
const isLater = "#expiresAt <= :expiresAt";

// Right-hand sides are values from before the update: the new id comes first, the others move up by one.
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

// The item stays until TTL deletes it. Without its creation time nothing brings it back: neither a late attempt to create it
// nor a visit whose clock is behind.
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
const ownNames = ["session-id", "counter", "created-at", "expires-at", "requests", "ended-by"];

/** Rounded to milliseconds, which floating-point arithmetic on seconds may miss by a little. */
const number = (value: number) => ({ N: `${Math.round(value * 1000) / 1000}` });

/**
 * Keeps sessions in a table whose hash key is `session-id` (String). Each method is one atomic conditional
 * `UpdateItem`: parallel visits lose no count, and a visit counts once however often its request is sent. (Only a
 * visit whose clock is behind that of the visit before takes a second call.)
 *
 * @param now the clock, in milliseconds since 1970
 */
export function createSessionStore(
  dynamodb: Pick<DynamoDBClient, "send">,
  tableName: string,
  { idleSeconds, absoluteSeconds }: Limits,
  now: () => number,
): SessionStore {
  /** Resolves to the updated item or, if the condition refused the update, to the item that caused it. */
  async function update(
    id: string,
    { abortSignal }: Visit,
    expressions: Partial<UpdateItemCommandInput>,
    values: Item,
    returned: "ALL_NEW" | "ALL_OLD" = "ALL_NEW",
  ): Promise<{ isRefused: boolean; item?: Item }> {
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
        if (!item) throw new Error("DynamoDB answered without the session");
        return { isRefused: false, item };
      },
      (error: unknown) => {
        if (error instanceof ConditionalCheckFailedException) return { isRefused: true, item: error.Item };
        throw error;
      },
    );
  }

  /** The session at this visit, or `undefined` if the item doesn't remember this visit. */
  function sessionOf(id: string, { requestId }: Visit, item: Item | undefined, time: number) {
    // The position of this request's id says how many visits have been counted since: none after this update, some if an
    // earlier attempt succeeded. If the id is missing, the item has refused the request.
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
    // TTL takes whole seconds only. Rounded up, no session ends before its limit.
    const expiresAt = Math.max(Math.ceil(time + idleSeconds), earliestEnd);
    const { isRefused, item } = await update(id, visit, counting, {
      ":one": number(1),
      ":now": number(time),
      ":bornAfter": number(time - absoluteSeconds),
      ":expiresAt": number(expiresAt),
      ":requestId": { S: visit.requestId },
    });
    const session = sessionOf(id, visit, item, time);
    if (session) return session;
    if (!isRefused) throw new Error("DynamoDB answered without the visit");
    const storedEnd = Number(item?.["expires-at"]?.N);
    return storedEnd > expiresAt ? count(id, visit, storedEnd) : undefined;
  }

  return {
    count: (id, visit) => count(id, visit),

    async create(id, visit, former = {}) {
      const time = now() / 1000;
      const data = Object.entries(former).filter(([name]) => !ownNames.includes(name));
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
      if (!session) throw new Error("the new session's id is already taken");
      return session;
    },

    async end(id, visit) {
      const time = now() / 1000;
      const { isRefused, item } = await update(
        id,
        visit,
        ending,
        {
          ":now": number(time),
          ":bornAfter": number(time - absoluteSeconds),
          ":endsAt": number(Math.ceil(time)),
          ":requestId": { S: visit.requestId },
        },
        "ALL_OLD",
      );
      return isRefused && item?.["ended-by"]?.S !== visit.requestId ? undefined : item;
    },
  };
}
