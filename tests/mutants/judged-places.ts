import type { Judged } from "./judged.js";

/** A module, why nobody can notice, and what is taken out there. */
export type JudgedPlaces = readonly [file: string, reason: string, texts: readonly string[]];

/**
 * @param file - module of guards
 * @param reason - that they have in common
 * @param texts - what is taken out, one by one
 * @returns each by itself
 */
export function all(file: string, reason: string, texts: readonly string[]): Judged[] {
  return texts.map((text) => ({ file, text, reason }));
}
