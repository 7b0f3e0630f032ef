import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
// @pwrdrvr/dynamodb-session-store 1.1.0 lacks TypeScript's helpers. This makes them global.
import "tslib";
import { DynamoDBStore } from "@pwrdrvr/dynamodb-session-store";

import connectDynamoDB = require("connect-dynamodb");
import express = require("express");
import session = require("express-session");

import { type Contender, connect, counterIn, createTable, type Start } from "./contender";

/** express-session with the store connect-dynamodb. */
export const connectStore: Start = async (endpoint) => {
  const dynamodb = connect(endpoint);
  await createTable(dynamodb, "connect", "id");
  const Store = connectDynamoDB<session.SessionData & Record<string, unknown>>(session);
  return contender(
    "express-session + connect-dynamodb",
    new Store({ client: dynamodb, table: "connect", initialized: true }),
  );
};

/** express-session with the store @pwrdrvr/dynamodb-session-store. */
export const pwrdrvrStore: Start = async (endpoint) => {
  const dynamodb = connect(endpoint);
  await createTable(dynamodb, "pwrdrvr", "id");
  const store = new DynamoDBStore({ dynamoDBClient: dynamodb, tableName: "pwrdrvr", hashKey: "id" });
  return contender("express-session + @pwrdrvr/dynamodb-session-store", store);
};

/** A typical application. Like our handler, it is called without a socket, so HTTP isn't measured. */
function contender(name: string, store: session.Store): Contender {
  const app = express();
  app.use(
    session({
      store,
      secret: "secret",
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: 1_800_000 },
    }),
  );
  app.get("/", (request, response) => {
    const visits = request.session as session.Session & { counter?: number };
    visits.counter = (visits.counter ?? 0) + 1;
    response.type("text").send(`session-id: ${request.sessionID}, counter: ${visits.counter}`);
  });
  return {
    name,
    visit: (jar) =>
      new Promise((resolve, reject) => {
        const request = new IncomingMessage(new Socket());
        Object.assign(request, {
          method: "GET",
          url: "/",
          headers: { host: "localhost", cookie: jar.cookie },
        });
        const response = new ServerResponse(request);
        // express-session sends the headers and most of the page before it saves, and ends the response afterwards.
        let page = "";
        response.write = (chunk: unknown) => {
          page += chunk;
          return true;
        };
        response.end = (chunk?: unknown) => {
          if (!response.headersSent) response.writeHead(response.statusCode);
          const [cookie] = [response.getHeader("set-cookie") ?? []].flat();
          if (cookie) jar.cookie = `${cookie}`.split(";")[0];
          resolve(counterIn(`${page}${chunk ?? ""}`));
          return response;
        };
        app(request as express.Request, response as express.Response, reject);
      }),
  };
}
