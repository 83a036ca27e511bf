import type { Judged } from "./judged.js";

/** Reasons that guards of several modules have in common. */
export const WORDS = "chooses words of a reason, not the answer";
export const SPEED = "saves time: what it passes over would not fit or not match";
export const UNREACHABLE =
  "cannot come to pass: it stands for the compiler, or fails loudly in place of silently";

export const NO_CODE =
  "what is an error of another class has none of the codes that are asked for beside it";

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
