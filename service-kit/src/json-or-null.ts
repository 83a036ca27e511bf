/**
 * @param text - whatever came, for a schema to judge
 * @returns what it means as JSON; `null` when it is none
 */
export function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
