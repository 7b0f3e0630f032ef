/** A stage's or a route's limits. What is not a number counts as 0, as it does in AWS. */
export interface ThrottlingSettings {
  /** Requests a second. */
  throttlingRateLimit?: number;
  /** Requests at once. */
  throttlingBurstLimit?: number;
}

/**
 * A token bucket as API Gateway has it: it holds the burst, and the rate fills it again.
 *
 * @returns whether another request may pass at a time, in milliseconds
 */
export function createThrottle(settings: ThrottlingSettings): (now: number) => boolean {
  const { throttlingRateLimit: rate = 0, throttlingBurstLimit: burst = 0 } = settings;
  let tokens = burst;
  let last: number | undefined;
  return (now) => {
    tokens = Math.min(burst, tokens + ((now - (last ?? now)) / 1000) * rate);
    last = now;
    if (tokens < 1 || rate === 0) return false;
    tokens -= 1;
    return true;
  };
}
