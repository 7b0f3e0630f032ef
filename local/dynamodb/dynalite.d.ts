// What the local run uses of dynalite, which brings no types.

declare module "dynalite" {
  import type { Server } from "node:http";

  /** An HTTP server that speaks DynamoDB's protocol: in memory, unless `path` names a folder for LevelDB. */
  function dynalite(options: {
    path?: string;
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }): Server;
  export = dynalite;
}

declare module "dynalite/validations/*" {
  /** The parameters of an action; it never sees others. */
  const validation: { types: Record<string, { type: string; enum?: string[] }> };
  export = validation;
}

declare module "dynalite/db" {
  /** The actions call these through the module's exports. */
  const db: {
    /** The error of a write whose condition does not hold, if so; called while the item is locked. */
    checkConditional(
      request: { ReturnValuesOnConditionCheckFailure?: string },
      existingItem?: unknown,
    ): { body: { Item?: unknown } } | null | undefined;
  };
  export = db;
}
