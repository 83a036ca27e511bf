import { createHash } from "node:crypto";

/**
 * @param items - what there is, each with a name of its own
 * @param number - how many are wanted
 * @param seed - the same one chooses the same again, and mostly so when there are others besides
 * @returns some of them, by chance, in the order in which they are given
 */
export function sample<T extends { readonly id: string }>(
  items: readonly T[],
  number: number,
  seed: string,
): T[] {
  const lots = items.map((item) => ({ item, lot: lotOf(item.id, seed) }));
  lots.sort((a, b) => (a.lot < b.lot ? -1 : 1));
  const chosen = new Set(lots.slice(0, number).map(({ item }) => item));
  return items.filter((item) => chosen.has(item));
}

function lotOf(id: string, seed: string): string {
  return createHash("sha256").update(`${seed}\n${id}`).digest("hex");
}
