import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import dynalite = require("dynalite");
import db = require("dynalite/db");
import deleteItem = require("dynalite/validations/deleteItem");
import putItem = require("dynalite/validations/putItem");
import updateItem = require("dynalite/validations/updateItem");

import { UserError } from "./project";

export interface EmbeddedDynamoDB {
  /** Its URL, on the loopback address. */
  endpoint: string;
  close(): Promise<void>;
}

/**
 * Starts a DynamoDB within this process.
 *
 * @param data a folder in which the tables outlive the run; without it they end with the run
 * @throws UserError when another run uses the folder, or it cannot be written to
 */
export async function startDynamoDB(data?: string): Promise<EmbeddedDynamoDB> {
  const unlock = data ? lock(data) : () => {};
  const path = data && join(data, "dynamodb");
  const server = dynalite({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      unlock();
    },
  };
}

// dynalite does not know ReturnValuesOnConditionCheckFailure. It checks a condition while it holds the lock of
// the item, so what is added to the answer here is the very item that failed the condition.
for (const { types } of [deleteItem, putItem, updateItem]) {
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

/** LevelDB allows one process a folder, and dynalite finds out too late. Returns what gives the folder free. */
function lock(folder: string): () => void {
  const file = join(folder, "lock");
  try {
    mkdirSync(folder, { recursive: true });
    if (isLocked(file)) {
      throw new UserError(
        `Another local run uses the data folder ${folder}. End it, or choose another --data.`,
      );
    }
    writeFileSync(file, `${process.pid}`);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `The data folder ${folder} cannot be used: ${error instanceof Error ? error.message : error}`,
    );
  }
  return () => rmSync(file, { force: true });
}

/** Whether the process that wrote the file still runs; one that was killed leaves its file behind. */
function isLocked(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, "utf8")), 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
