/**
 * API Gateway's token bucket: it holds the burst and refills at the rate a second. As in AWS, a missing limit is 0.
 *
 * @returns whether another request may pass at a time in milliseconds
 */
export function createThrottle(rate = 0, burst = 0): (now: number) => boolean {
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
