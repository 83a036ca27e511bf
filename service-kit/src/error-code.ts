/**
 * @param error - whatever was thrown
 * @returns its code in brackets, behind a blank; nothing where it has none
 */
export function codeOf(error: unknown): string {
  const hasCode = typeof error === "object" && error !== null && "code" in error;
  return hasCode ? ` (${String(error.code)})` : "";
}
