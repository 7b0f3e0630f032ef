/** The lines that the store logs. The dashboard counts the first, and an alarm the second. */
export const NEW_SESSION = "new session";
export const STORE_FAILED = "the session store failed";

/**
 * The session can't be used right now, and a change may or may not have been applied. Respond with `status` and without
 * a cookie, so that the visitor keeps theirs.
 */
export class SessionError extends Error {
  /**
   * @param status 503 if DynamoDB failed; 409 if a login has given the session a new id, and this request still has the
   * old one
   */
  constructor(
    readonly status: 409 | 503,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Whether DynamoDB would always refuse the request, for example for an item over 400 KB: a bug, not an outage. */
export const isInvalid = (error: unknown): error is Error => (error as Error).name === "ValidationException";

/** Logs an error of DynamoDB or the network, and throws what the caller should see. */
export function failure(cause: unknown): never {
  if (isInvalid(cause)) throw cause;
  const { name: error, message: reason } = cause as Error;
  console.error({ message: STORE_FAILED, error, reason });
  throw new SessionError(503, STORE_FAILED, { cause });
}
