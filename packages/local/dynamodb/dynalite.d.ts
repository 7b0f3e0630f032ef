// dynalite has no types of its own. These cover what is used here.

declare module "dynalite" {
  import type { Server } from "node:http";

  /** An HTTP server with DynamoDB's API. It keeps tables in memory, or in LevelDB at `path`. */
  function dynalite(options: {
    path?: string;
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }): Server;
  export = dynalite;
}

declare module "dynalite/db" {
  /** Actions call these functions through the module's exports, so they can be replaced. */
  const db: {
    /** The error for a write whose condition fails. Called while the item is locked. */
    checkConditional(
      request: { ReturnValuesOnConditionCheckFailure?: string },
      existingItem?: unknown,
    ): { body: { Item?: unknown } } | null | undefined;
  };
  export = db;
}
