/**
 * What the head of a request may be, on every listener. A registry client sends fewer than fifteen headers and a
 * chain of proxies adds ten; the longest is a token of a few KiB. (docs/limits.md)
 */
export const HEAD_LIMITS = {
  headers: 100,
  /** Request line and headers together. */
  bytes: 32 * 1024,
  /** From the first byte, or from the connection on for its first request. */
  milliseconds: 30_000,
} as const;
