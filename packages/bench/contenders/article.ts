// The algorithm of the article that this project started from: get the item, change it, put it back.

import { randomUUID } from "node:crypto";
import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { answer, type Handler, idIn, tableName } from "./function";

const dynamodb = new DynamoDBClient({});

export const handler: Handler = async ({ rawPath, rawQueryString, cookies }) => {
  const id = idIn(cookies) ?? randomUUID();
  const key: Record<string, AttributeValue> = { "session-id": { S: id } };
  const { Item = key } = await dynamodb.send(new GetItemCommand({ TableName: tableName, Key: key }));
  if (rawPath === "/read") return answer(id, Object.keys(Item).join());
  const name = rawQueryString || "counter";
  const item: Record<string, AttributeValue> = {
    ...Item,
    [name]: { N: `${Number(Item[name]?.N ?? 0) + 1}` },
  };
  await dynamodb.send(new PutItemCommand({ TableName: tableName, Item: item }));
  return answer(id, `counter: ${item.counter?.N}`);
};
