/// <reference path="./dynalite.d.ts" />

import { mkdirSync } from "node:fs";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { Level } from "level";

import dynalite = require("dynalite");
import db = require("dynalite/db");

import type { Authorize } from "../iam/provider";
import { messageOf, UserError } from "../pulumi/errors";
import { ACCOUNT_ID } from "../pulumi/resource";

export type EmbeddedDynamoDB = Awaited<ReturnType<typeof startDynamoDB>>;

/**
 * Starts a DynamoDB in this process, on the loopback address.
 *
 * @param data a folder that keeps the tables; without it they are in memory
 * @param authorize called before each action; without it, all are allowed
 * @throws UserError when the folder can't be used, or another run is using it
 */
export async function startDynamoDB(data?: string, authorize?: Authorize) {
  const path = data && (await prepareDataFolder(data));
  const server = dynalite({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  // Longer than most clients keep an idle connection: a request that meets a closing connection is lost.
  server.keepAliveTimeout = 65_000;
  const [handle = () => {}] = server.listeners("request") as RequestListener[];
  const working = new Set<Promise<void>>();
  let isClosing = false;
  const work: RequestListener = (request, response) => {
    if (isClosing) return response.destroy();
    const done = ending(response).then(() => void working.delete(done));
    working.add(done);
    handle(request, response);
  };
  server.removeAllListeners("request").on("request", guard(work, authorize));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    async close() {
      isClosing = true;
      // dynalite throws when its database closes in the middle of a call, even one whose caller has gone away.
      await Promise.all(working);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Resolves when a response is ended, even if its connection was closed before. */
const ending = (response: ServerResponse) =>
  new Promise<void>((resolve) => {
    const end = response.end.bind(response);
    response.end = (...args: unknown[]) => {
      resolve();
      return end(...(args as []));
    };
  });

// dynalite lacks ReturnValuesOnConditionCheckFailure. It checks a condition while the item is locked, so the item that
// is added to the answer here is the one that failed the condition.
for (const action of ["deleteItem", "putItem", "updateItem"]) {
  const { types } = require(`dynalite/validations/${action}`);
  types.ReturnValuesOnConditionCheckFailure = { type: "String", enum: ["ALL_OLD", "NONE"] };
}
const { checkConditional } = db;
db.checkConditional = (request, existingItem) => {
  const failure = checkConditional(request, existingItem);
  if (failure && existingItem && request.ReturnValuesOnConditionCheckFailure === "ALL_OLD") {
    failure.body.Item = existingItem;
  }
  return failure;
};

/**
 * Passes a call on to dynalite if it is valid, doesn't come from a web page (any page in the developer's browser could
 * read the tables) and is allowed by IAM. The caller is whoever the signature names; the signature itself isn't
 * checked.
 */
function guard(handle: RequestListener, authorize?: Authorize): RequestListener {
  return async (request, response) => {
    const refuse = (status: number, type: string, Message?: string) =>
      response
        .writeHead(status, { "content-type": "application/x-amz-json-1.0" })
        .end(JSON.stringify({ __type: `com.amazon.coral.service#${type}`, Message }));
    const body = await buffer(request).catch(() => undefined);
    if (!body) return;
    const { headers, method, url } = request;
    if (headers.origin) return refuse(403, "AccessDeniedException", "Web pages have no access.");
    // dynalite would throw for `null`.
    const input = await new Response(body).json().catch(() => null);
    if (!input) return refuse(400, "SerializationException");
    const [, accessKeyId = "", region] =
      /Credential=([^/]+)\/[^/]+\/([^/]+)/.exec(headers.authorization ?? "") ?? [];
    const action = `dynamodb:${String(headers["x-amz-target"]).split(".").pop()}`;
    const denial = resourcesOf(input)
      .map((table) => `arn:aws:dynamodb:${region}:${ACCOUNT_ID}:table/${table}`)
      .map((resource) => authorize?.(accessKeyId, action, resource))
      .find(Boolean);
    if (denial) return refuse(400, "AccessDeniedException", denial);
    handle(Object.assign(Readable.from([body]), { headers, method, url }) as IncomingMessage, response);
  };
}

/** The tables and indexes of a call, as in their ARNs; `*` if it names none. */
function resourcesOf({ TableName, IndexName, RequestItems }: Record<string, unknown>): string[] {
  if (RequestItems) return Object.keys(RequestItems);
  return [TableName ? `${TableName}${IndexName ? `/index/${IndexName}` : ""}` : "*"];
}

/**
 * Checks that a folder can hold tables. LevelDB lets one process open a folder, but dynalite notices too late, so the
 * folder is opened here first.
 *
 * @returns the path for LevelDB
 * @throws UserError when the folder can't be used, or another run is using it
 */
async function prepareDataFolder(folder: string): Promise<string> {
  const path = join(folder, "dynamodb");
  try {
    mkdirSync(path, { recursive: true });
    const level = new Level(path);
    await level.open();
    await level.close();
  } catch (error) {
    // LevelDB's own error is the cause of another.
    const { cause = error } = error as Error;
    const remedy = "Choose another --data, or end the local run that uses it.";
    throw new UserError(`The data folder ${folder} cannot be used: ${messageOf(cause)}. ${remedy}`);
  }
  return path;
}
