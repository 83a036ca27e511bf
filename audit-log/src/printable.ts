/** @returns the text with control characters replaced, so that there is nothing in it that a terminal would obey */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\uFFFD");
}
