import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, counterIn, createTable, type Start } from "./contender";

/** A function of an Architect application: `@architect/functions` reads and writes the session around it. */
export const architect: Start = async (endpoint) => {
  await createTable(connect(endpoint), "architect", "_idx");
  // Asks Architect's sandbox for the table's name, once. This answers in its place.
  const parameters = createServer((_, response) => {
    const Parameters = [{ Name: "/ArcApp/tables/sessions", Value: "architect", Type: "String" }];
    response.setHeader("content-type", "application/json").end(JSON.stringify({ Parameters }));
  });
  await new Promise<void>((listening) => parameters.listen(0, "127.0.0.1", listening));
  const ports = { _arc: (parameters.address() as AddressInfo).port, tables: Number(new URL(endpoint).port) };
  Object.assign(process.env, {
    ARC_ENV: "testing",
    ARC_APP_NAME: "app",
    ARC_SANDBOX: JSON.stringify({ ports, version: "8.0.0" }),
    ARC_SESSION_TABLE_NAME: "sessions",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  });
  const { http } = await import("@architect/functions");
  const handle = http.async(async ({ session }: { session: { counter?: number } }) => {
    const counter = (session.counter ?? 0) + 1;
    return { session: { ...session, counter }, text: `counter: ${counter}` };
  });
  return {
    name: "@architect/functions",
    async visit(jar) {
      const request = {
        version: "2.0",
        routeKey: "GET /",
        rawPath: "/",
        requestContext: { http: { method: "GET", path: "/" } },
        headers: {},
        cookies: jar.cookie ? [jar.cookie] : undefined,
      };
      const { headers, cookies, body } = await handle(request, {});
      jar.cookie = (cookies?.[0] ?? headers?.["Set-Cookie"] ?? headers?.["set-cookie"])?.split(";")[0];
      return counterIn(body);
    },
    async close() {
      parameters.close();
    },
  };
};
