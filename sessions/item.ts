import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { Clauses, Item } from "./change";
import { failure } from "./errors";
import type { Request } from "./request";

/** The calls that the store makes. */
export type Client = Pick<DynamoDBClient, "send">;

// TTL deletes expired items up to days late, so every use checks both limits. A comparison with a missing attribute is
// false: an ended session has no creation time, so nothing revives it.
const isAlive = "#createdAt > :createdAfter AND #expiresAt > :now";
const isNew = "attribute_not_exists(#expiresAt)";
const allRequests = ["requests0", "requests1", "requests2", "requests3", "requests4"];

interface Update {
  condition: string;
  set: string;
  remove: string[];
}

/**
 * The updates that don't depend on the time. "unused" marks a renewed session until its first use, "successor" is the
 * id of the session that continues a renewed one, and "closed" is the request that ended a session. Ended sessions
 * forget their requests, so that no retry takes one for live.
 */
export const updates = {
  extend: { condition: isAlive, set: "#expiresAt = :expiresAt", remove: ["unused"] },
  renew: {
    condition: isAlive,
    set: "#expiresAt = :expiresAt, successor = :successor",
    remove: ["#createdAt", "unused", ...allRequests],
  },
  replaceSuccessor: {
    condition: "successor = :former",
    set: "#expiresAt = :expiresAt, successor = :successor",
    remove: ["#createdAt"],
  },
  endUnused: {
    condition: `${isNew} OR attribute_exists(unused)`,
    set: "#expiresAt = :expiresAt, unused = :true",
    remove: ["#createdAt"],
  },
  end: {
    condition: "attribute_exists(#createdAt)",
    set: "#expiresAt = :expiresAt, closed = :request",
    remove: ["#createdAt", "unused", ...allRequests],
  },
} satisfies Record<string, Update>;

/** Starts a new session, or the successor of another. */
export const creation = (request: Request, isSuccessor: boolean): Update => ({
  condition: isNew,
  set: `#createdAt = :now, #expiresAt = :expiresAt, ${request.slot} = :request${isSuccessor ? ", unused = :true" : ""}`,
  remove: [],
});

/** Changes a session. If a response gets lost, the SDK sends the request again, but DynamoDB may have applied it. */
export const change = ({ slot, recent, older, expired }: Request): Update => ({
  condition: [isAlive, ...[slot, recent, older].map((name) => `NOT contains(${name}, :id)`)].join(" AND "),
  set: `#expiresAt = :expiresAt, ${slot} = list_append(if_not_exists(${slot}, :none), :request)`,
  remove: ["unused", expired],
});

/** Changes a session whose slot is full: the slot's ids move to the recent slot. */
export const changeFull = (request: Request): Update => {
  const { condition, remove } = change(request);
  const { slot, recent, older } = request;
  return {
    condition: `${condition} AND size(${slot}) >= :full`,
    set: `#expiresAt = :expiresAt, ${older} = if_not_exists(${recent}, :none), ${recent} = ${slot}, ${slot} = :request`,
    remove,
  };
};

/** The item after an update. If the condition was false, it is the item without any change. */
export interface Updated {
  isRejected: boolean;
  item?: Item;
}

/** Access to the items of a table whose hash key is `session-id` (String). Each method is one call to DynamoDB. */
export function accessItems(dynamodb: Client, tableName: string) {
  const keyOf = (id: string) => ({ TableName: tableName, Key: { "session-id": { S: id } } });

  return {
    async get(id: string): Promise<Item | undefined> {
      const command = new GetItemCommand({ ...keyOf(id), ConsistentRead: true });
      const { Item: item } = await dynamodb.send(command).catch(failure);
      return item;
    },

    /** @param returned the item before the update instead of after it */
    async update(
      id: string,
      { condition, set, remove }: Update,
      values: Item,
      change?: Clauses,
      returned: "ALL_NEW" | "ALL_OLD" = "ALL_NEW",
    ): Promise<Updated> {
      const clauses = { SET: [set, ...(change?.set ?? [])], REMOVE: [...remove, ...(change?.remove ?? [])] };
      const command = new UpdateItemCommand({
        ...keyOf(id),
        ConditionExpression: condition,
        UpdateExpression: Object.entries({ ...clauses, ADD: change?.add ?? [] })
          .flatMap(([keyword, list]) => (list.length > 0 ? `${keyword} ${list.join(", ")}` : []))
          .join(" "),
        ExpressionAttributeNames: {
          "#createdAt": "created-at",
          "#expiresAt": "expires-at",
          ...change?.names,
        },
        ExpressionAttributeValues: { ...values, ...change?.values },
        ReturnValues: returned,
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
      try {
        const { Attributes: item } = await dynamodb.send(command);
        if (!item) throw new Error("DynamoDB returned no item");
        return { isRejected: false, item };
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return { isRejected: true, item: error.Item };
        return failure(error);
      }
    },
  };
}

export const number = (value: number) => ({ N: `${value}` });
