/** A mistake of the user's: its message says what is wrong and how to fix it, and is all that is shown. */
export class UserError extends Error {}

/** What was thrown, in words; without the list of modules that Node.js adds to a missing one. */
export const messageOf = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown)).replace(/\nRequire stack:.*/s, "");
