import { type AttributeValue, type DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { failure, type Sessions } from "../../sessions";
import type { Data } from "./handler";

/** The sessions, and the table that they are in. */
export interface Store {
  sessions: Sessions<Data>;
  dynamodb: DynamoDBClient;
  tableName: string;
}

// A few at a time: all entries of a user are in one partition of the index, which takes 1,000 changes per second.
const PAGE = 50;
// The function has 10 seconds, and a call to DynamoDB may take 3 of them.
const BUDGET_MS = 6000;

/**
 * Ends all sessions of a user except for one. The index is updated shortly after the table, so this may miss a login
 * of a moment ago. Ended sessions drop out of the index, because they have no `created-at`: if time runs out, the next
 * call continues.
 */
export async function endSessionsOf(
  user: string,
  exceptId: string,
  { sessions, dynamodb, tableName }: Store,
  budgetMs = BUDGET_MS,
): Promise<{ ended: number; hasMore: boolean }> {
  const start = Date.now();
  let ended = 0;
  let next: Record<string, AttributeValue> | undefined;
  do {
    const query = new QueryCommand({
      TableName: tableName,
      IndexName: "user",
      KeyConditionExpression: "#user = :user",
      ExpressionAttributeNames: { "#user": "user" },
      ExpressionAttributeValues: { ":user": { S: user } },
      ExclusiveStartKey: next,
      Limit: PAGE,
    });
    const { Items = [], LastEvaluatedKey } = await dynamodb.send(query).catch(failure);
    const ids = Items.flatMap((item) => item["session-id"]?.S ?? []).filter((id) => id !== exceptId);
    const outcomes = await Promise.all(ids.map((id) => sessions.end({ id })));
    ended += outcomes.filter(({ hasEnded }) => hasEnded).length;
    next = LastEvaluatedKey;
  } while (next && Date.now() - start < budgetMs);
  return { ended, hasMore: next !== undefined };
}
