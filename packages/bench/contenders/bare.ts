// The floor: a single call to DynamoDB with the client of `sessions/`, and nothing else.

import { randomUUID } from "node:crypto";
import { GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { createClient } from "../../../sessions";
import { answer, type Handler, idIn, tableName } from "./function";

const dynamodb = createClient();

export const handler: Handler = async ({ rawPath, rawQueryString, cookies }) => {
  const id = idIn(cookies) ?? randomUUID();
  const call = { TableName: tableName, Key: { "session-id": { S: id } } };
  if (rawPath === "/read") {
    const { Item = {} } = await dynamodb.send(new GetItemCommand({ ...call, ConsistentRead: true }));
    return answer(id, Object.keys(Item).join());
  }
  const { Attributes } = await dynamodb.send(
    new UpdateItemCommand({
      ...call,
      UpdateExpression: "ADD #name :one",
      ExpressionAttributeNames: { "#name": rawQueryString || "counter" },
      ExpressionAttributeValues: { ":one": { N: "1" } },
      ReturnValues: "ALL_NEW",
    }),
  );
  return answer(id, `counter: ${Attributes?.counter?.N}`);
};
