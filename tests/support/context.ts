import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";

/**
 * The parts of an invocation's context that the handler uses. Each has its own request id.
 *
 * @param remainingMilliseconds until Lambda would time out the invocation
 */
export const fakeContext = (remainingMilliseconds = 10_000) =>
  ({ awsRequestId: randomUUID(), getRemainingTimeInMillis: () => remainingMilliseconds }) as Context;
