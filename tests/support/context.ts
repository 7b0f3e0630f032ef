import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";

/**
 * What Lambda tells a function of an invocation, as far as the handler asks for it. Each has a request id of its own.
 *
 * @param remainingMilliseconds until Lambda would end the invocation
 */
export const fakeContext = (remainingMilliseconds = 10_000) =>
  ({ awsRequestId: randomUUID(), getRemainingTimeInMillis: () => remainingMilliseconds }) as Context;
