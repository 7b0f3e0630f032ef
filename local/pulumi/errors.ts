/** A mistake of the user's: its message says what is wrong and how to fix it, and is all that is shown. */
export class UserError extends Error {}
