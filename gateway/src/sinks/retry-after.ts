const MOST_SECONDS = 86_400;

/**
 * @param value - a `Retry-After` header (RFC 9110, section 10.2.3): seconds or a date
 * @param now - milliseconds since the epoch
 * @returns seconds to wait, a day at most; `null` when it says nothing
 */
export function retryAfterSeconds(value: string | undefined, now: number): number | null {
  const text = value?.trim() ?? "";
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - now) / 1_000);
  if (Number.isNaN(seconds) || seconds < 0) return null;
  return Math.min(seconds, MOST_SECONDS);
}
