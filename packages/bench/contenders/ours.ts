import { randomUUID } from "node:crypto";
import {
  type DynamoDBClient,
  UpdateItemCommand,
  type UpdateItemCommandInput,
  type UpdateItemCommandOutput,
} from "@aws-sdk/client-dynamodb";
import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { createHandler } from "../../../handler";
import { type Contender, connect, counterIn, createTable, type Jar, type Start } from "./contender";

console.info = () => {}; // the handler's log

const env = { COOKIE_NAME: "cookie-test", IDLE_SECONDS: "1800", ABSOLUTE_SECONDS: "43200" };

/** This project's handler, called as Lambda calls it. */
export const handler: Start = async (endpoint) => {
  const dynamodb = connect(endpoint);
  await createTable(dynamodb, "handler", "session-id");
  return handlerOn(dynamodb, "handler");
};

/** The same, on an existing table. */
export const handlerOn = (dynamodb: DynamoDBClient, table: string): Contender => ({
  name: "our handler",
  visit: visitor(createHandler({ env: { ...env, TABLE_NAME: table }, dynamodb })),
});

/** Our handler's call to DynamoDB, recorded and sent again without the handler. */
export const call: Start = async (endpoint) => {
  const dynamodb = connect(endpoint);
  await createTable(dynamodb, "call", "session-id");
  let input: UpdateItemCommandInput | undefined;
  const recorder = {
    async send(command: UpdateItemCommand) {
      input = command.input;
      return dynamodb.send(command);
    },
  } as unknown as Pick<DynamoDBClient, "send">;
  const visit = visitor(createHandler({ env: { ...env, TABLE_NAME: "call" }, dynamodb: recorder }));
  const jar: Jar = {};
  await visit(jar);
  await visit(jar);
  const recorded = { ...(input as UpdateItemCommandInput) };
  return {
    name: "our UpdateItem without the handler",
    async visit(own) {
      if (!own.cookie) return visit(own);
      const now = Date.now() / 1000;
      const output: UpdateItemCommandOutput = await dynamodb.send(
        new UpdateItemCommand({
          ...recorded,
          Key: { "session-id": { S: own.cookie.replace(/.*=/, "") } },
          ExpressionAttributeValues: {
            ...recorded.ExpressionAttributeValues,
            ":now": { N: `${now}` },
            ":createdAfter": { N: `${now - 43_200}` },
            ":expiresAt": { N: `${Math.ceil(now + 1800)}` },
            ":requestId": { S: randomUUID() },
          },
        }),
      );
      return Number(output.Attributes?.counter?.N);
    },
  };
};

function visitor(handle: ReturnType<typeof createHandler>) {
  return async (jar: Jar) => {
    const event = { cookies: jar.cookie ? [jar.cookie] : undefined } as APIGatewayProxyEventV2;
    const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 10_000 } as Context;
    const { cookies, body } = await handle(event, context);
    jar.cookie = cookies?.[0]?.split(";")[0];
    return counterIn(body);
  };
}
