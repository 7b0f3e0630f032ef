import { randomUUID } from "node:crypto";
import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { connect, createTable, type Start } from "./contender";

/** The algorithm of the article that this project started from: get the item, add one, put it back. */
export const article: Start = async (endpoint) => {
  const dynamodb = connect(endpoint);
  await createTable(dynamodb, "article", "session-id");
  return {
    name: "the article: get, add, put",
    async visit(jar) {
      jar.cookie ??= randomUUID();
      const id = { S: jar.cookie };
      const { Item } = await dynamodb.send(
        new GetItemCommand({ TableName: "article", Key: { "session-id": id } }),
      );
      const counter = Number(Item?.counter?.N ?? 0) + 1;
      await dynamodb.send(
        new PutItemCommand({
          TableName: "article",
          Item: { "session-id": id, counter: { N: `${counter}` } },
        }),
      );
      return counter;
    },
  };
};
