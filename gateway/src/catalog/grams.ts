const MOST_CHARACTERS = 255;
const SIZE = 3;

/**
 * @param text - what somebody looks for
 * @returns it as names are written
 */
export function searchTerm(text: string): string {
  return text.replaceAll("\0", "").trim().toLowerCase().slice(0, MOST_CHARACTERS);
}

/**
 * @param term - part of a name
 * @returns what the index has of each name with it, as `ledger.grams_of` makes them
 */
export function gramsOf(term: string): readonly string[] {
  const characters = Array.from(term);
  if (characters.length === 0) return [];
  if (characters.length <= SIZE) return [term];
  const grams = characters.slice(SIZE - 1).map((_, i) => characters.slice(i, i + SIZE).join(""));
  return [...new Set(grams)];
}
