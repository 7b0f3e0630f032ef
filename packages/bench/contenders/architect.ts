import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { connect, counterIn, createTable, type Start } from "./contender";

/** A function of an Architect application: `@architect/functions` reads and writes the session around it. */
export const architect: Start = async (endpoint) => {
  await createTable(connect(endpoint), "architect", "_idx");
  // On AWS, it gets the table's name from Systems Manager Parameter Store. This server stands in for it.
  const parameters = createServer((_, response) => {
    const Parameters = [{ Name: "/App/tables/sessions", Value: "architect", Type: "String" }];
    response.setHeader("content-type", "application/json").end(JSON.stringify({ Parameters }));
  });
  await new Promise<void>((listening) => parameters.listen(0, "127.0.0.1", listening));
  const parameterStore = `http://127.0.0.1:${(parameters.address() as AddressInfo).port}`;
  Object.assign(process.env, {
    // In other environments, its client opens a connection for every call.
    ARC_ENV: "production",
    ARC_STACK_NAME: "App",
    ARC_SESSION_TABLE_NAME: "sessions",
    ARC_APP_SECRET: "secret",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL: parameterStore,
  });
  const { http, services, tables } = await import("@architect/functions");
  // Its clients use one address for all of AWS, and keep it: first Systems Manager's, then DynamoDB's.
  await services();
  process.env.AWS_ENDPOINT_URL = endpoint;
  await tables();
  process.env.AWS_ENDPOINT_URL = parameterStore;
  // Its types only have the older payload format.
  const handle = http.async(async ({ session }) => {
    const counter = (session?.counter ?? 0) + 1;
    return { session: { ...session, counter }, text: `counter: ${counter}` };
  }) as unknown as (event: object, context: object) => Promise<APIGatewayProxyStructuredResultV2>;
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
      jar.cookie = `${cookies?.[0] ?? headers?.["Set-Cookie"] ?? headers?.["set-cookie"]}`.split(";")[0];
      return counterIn(body);
    },
    async close() {
      parameters.close();
    },
  };
};
