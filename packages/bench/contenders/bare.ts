import { randomUUID } from "node:crypto";
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { connect, createTable, type Start } from "./contender";

/** The floor: one `UpdateItem` that counts, and nothing else. */
export const bare: Start = async (endpoint) => {
  const dynamodb = connect(endpoint);
  await createTable(dynamodb, "bare", "session-id");
  return {
    name: "bare UpdateItem",
    async visit(jar) {
      jar.cookie ??= randomUUID();
      const { Attributes } = await dynamodb.send(
        new UpdateItemCommand({
          TableName: "bare",
          Key: { "session-id": { S: jar.cookie } },
          UpdateExpression: "ADD #counter :one",
          ExpressionAttributeNames: { "#counter": "counter" },
          ExpressionAttributeValues: { ":one": { N: "1" } },
          ReturnValues: "ALL_NEW",
        }),
      );
      return Number(Attributes?.counter?.N);
    },
  };
};
