/**
 * @param error - whatever was thrown; tests run in a realm whose Error is another one than that of Node's modules
 * @returns it in words
 */
export function reasonOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("message" in error)) return String(error);
  const cause = "cause" in error && error.cause instanceof Object ? error.cause : {};
  const code = "code" in cause ? ` (${String(cause.code)})` : "";
  return `${String(error.message)}${code}`;
}
