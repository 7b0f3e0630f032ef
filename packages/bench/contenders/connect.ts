// A typical Express application: express-session with the store connect-dynamodb.

import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";

import connectDynamoDB = require("connect-dynamodb");
import express = require("express");
import session = require("express-session");

import { type Handler, tableName } from "./function";

const Store = connectDynamoDB<session.SessionData & Record<string, unknown>>(session);
const store = new Store({ table: tableName, initialized: true });

const app = express();
const cookie = { maxAge: 1_800_000 };
app.use(session({ store, secret: "secret", resave: false, saveUninitialized: false, cookie }));
app.get("/read", (request, response) => {
  response.type("text").send(Object.keys(request.session).join());
});
app.get(["/", "/change"], (request, response) => {
  const data = request.session as session.Session & Record<string, unknown>;
  const name = new URLSearchParams(request.url.split("?")[1]).keys().next().value ?? "counter";
  data[name] = Number(data[name] ?? 0) + 1;
  response.type("text").send(`counter: ${data.counter}`);
});

/** Calls the application without a socket and without an adapter such as serverless-express, so neither is measured. */
export const handler: Handler = ({ rawPath, rawQueryString, cookies = [] }) =>
  new Promise((resolve) => {
    const request = new IncomingMessage(new Socket());
    const headers = { host: "localhost", cookie: cookies.join("; ") };
    Object.assign(request, { method: "GET", url: `${rawPath}?${rawQueryString}`, headers });
    const response = new ServerResponse(request);
    // express-session sends the headers and most of the page before it saves, and ends the response afterwards.
    let body = "";
    response.write = (chunk: unknown) => {
      body += chunk;
      return true;
    };
    response.end = (chunk: unknown = "") => {
      if (!response.headersSent) response.writeHead(response.statusCode);
      const cookies = [response.getHeader("set-cookie") ?? []].flat().map(String);
      resolve({ statusCode: response.statusCode, cookies, body: `${body}${chunk}` });
      return response;
    };
    app(request as express.Request, response as express.Response);
  });
