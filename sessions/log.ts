// The messages of two log lines. The handler writes them, and the stack's metric filters count them.

/** A session began. */
export const NEW_SESSION = "new session";
/** A visitor got a 503. */
export const STORE_FAILED = "the session store failed";
