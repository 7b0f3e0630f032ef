import { randomUUID } from "node:crypto";
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";

/** How long a session lives, in seconds. */
export interface Limits {
  /** It ends when it has not been used for this long. */
  idleSeconds: number;
  /** It ends this long after its creation, however much it is used. */
  absoluteSeconds: number;
}

export interface Session {
  id: string;
  /** Visits so far, this one included. */
  counter: number;
  /** Seconds until the session ends if no further visit comes. */
  secondsLeft: number;
}

export interface Visit {
  /** Unique to this visit: a second request with the same id is taken for a retry of the first. */
  requestId: string;
  /** Gives up, retries included, when it fires. */
  abortSignal?: AbortSignal;
}

/** Each method is one call to DynamoDB, and rejects with the SDK's error when it fails. */
export interface SessionStore {
  /** Starts a session, counting its first visit. */
  create(visit: Visit): Promise<Session>;
  /** Counts a visit. Resolves to `undefined` when there is no such session or when it has ended. */
  count(id: string, visit: Visit): Promise<Session | undefined>;
}

const SESSION_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether `value` has the form of the ids that {@link SessionStore.create} issues: UUID version 4. */
export const isSessionId = (value: string | undefined): value is string => SESSION_ID.test(value ?? "");

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

const isNew = "attribute_not_exists(#id)";
// TTL deletes ended sessions up to days late, so both limits are checked at use. A comparison with an
// attribute that does not exist is false: a deleted session is not revived either.
const isAlive = "#expiresAt > :now AND #createdAt > :bornAfter";
// When an answer is lost the SDK retries, although DynamoDB may have carried the request out.
const isAnotherRequest = "NOT contains(#requests, :requestId)";

// Right-hand sides are values from before the update: the new id comes first, the others move up by one.
const rememberRequest = [
  "#requests[0] = :requestId",
  ...Array.from({ length: REMEMBERED_REQUESTS - 1 }, (_, i) => `#requests[${i + 1}] = #requests[${i}]`),
].join(", ");

const creation = {
  ConditionExpression: isNew,
  UpdateExpression: "SET #counter = :one, #createdAt = :now, #expiresAt = :expiresAt, #requests = :requests",
  ExpressionAttributeNames: { "#id": "session-id", ...names },
};

const counting = {
  ConditionExpression: `${isAlive} AND ${isAnotherRequest}`,
  UpdateExpression: `SET #counter = #counter + :one, #expiresAt = :expiresAt, ${rememberRequest}`,
  ExpressionAttributeNames: names,
};

/**
 * Keeps sessions in a table whose hash key is `session-id` (String). Each method is one atomic conditional
 * `UpdateItem`: parallel visits lose no count, and a visit counts once however often its request is sent.
 *
 * @param now the clock, in milliseconds since 1970
 */
export function createSessionStore(
  dynamodb: Pick<DynamoDBClient, "send">,
  tableName: string,
  { idleSeconds, absoluteSeconds }: Limits,
  now: () => number,
): SessionStore {
  async function update(
    id: string,
    visit: Visit,
    expressions: typeof creation | typeof counting,
    values: (time: number) => Record<string, AttributeValue>,
  ): Promise<Session | undefined> {
    const time = Math.floor(now() / 1000);
    const command = new UpdateItemCommand({
      TableName: tableName,
      Key: { "session-id": { S: id } },
      ...expressions,
      ExpressionAttributeValues: {
        ":one": { N: "1" },
        ":now": { N: `${time}` },
        ":expiresAt": { N: `${time + idleSeconds}` },
        ...values(time),
      },
      ReturnValues: "ALL_NEW",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    const item = await dynamodb.send(command, { abortSignal: visit.abortSignal }).then(
      (output) => output.Attributes,
      (error: unknown) => {
        if (error instanceof ConditionalCheckFailedException) return error.Item;
        throw error;
      },
    );
    // Where the item remembers this request tells how many visits have been counted since: none when it was
    // carried out just now, some when an earlier attempt was. An item without this request's id has refused it.
    const visitsSince = item?.requests?.L?.findIndex(({ S }) => S === visit.requestId) ?? -1;
    if (!item || visitsSince < 0) return undefined;
    return {
      id,
      counter: Number(item.counter?.N) - visitsSince,
      secondsLeft: Math.min(idleSeconds, Number(item["created-at"]?.N) + absoluteSeconds - time),
    };
  }

  return {
    async create(visit) {
      const requests = Array.from({ length: REMEMBERED_REQUESTS }, (_, i) => ({
        S: i ? "" : visit.requestId,
      }));
      const session = await update(randomUUID(), visit, creation, () => ({ ":requests": { L: requests } }));
      if (!session) throw new Error("the new session's id is already taken");
      return session;
    },
    count: (id, visit) =>
      update(id, visit, counting, (time) => ({
        ":bornAfter": { N: `${time - absoluteSeconds}` },
        ":requestId": { S: visit.requestId },
      })),
  };
}
