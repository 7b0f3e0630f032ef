/** A user's mistake. Only its message is shown; it says what is wrong and how to fix it. */
export class UserError extends Error {}

/** The message of whatever was thrown, without the list of modules that Node.js adds for a missing one. */
export const messageOf = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown)).replace(/\nRequire stack:.*/s, "");
