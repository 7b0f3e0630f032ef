/** A stage's limits. As in AWS, a missing one is 0. */
export interface ThrottlingSettings {
  /** Requests a second. */
  throttlingRateLimit?: number;
  /** Requests at a time. */
  throttlingBurstLimit?: number;
}

/**
 * API Gateway's token bucket: it holds the burst and refills at the rate.
 *
 * @returns whether another request may pass at a time in milliseconds
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
