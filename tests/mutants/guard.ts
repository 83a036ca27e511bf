/** What is otherwise in a mutant. */
export type Removal =
  /** The expression is this instead. */
  | { readonly to: "true" | "false" | "undefined" | "Infinity" }
  /** The statement is not run. */
  | { readonly to: "nothing" }
  /** The SQL condition holds for every row; a bound in `least` binds nothing. */
  | { readonly to: "every row" | "no bound"; readonly isTemplate: boolean }
  /** The expression is written otherwise. */
  | { readonly to: "other"; readonly code: string }
  /** So are words of an SQL text; none: they are left out. */
  | { readonly to: "other words"; readonly words: string; readonly isTemplate: boolean };

/** One check that can be taken out of a module, or another place that can be written otherwise. */
export interface Guard {
  /** Names it through changes of what is around it. */
  readonly id: string;
  readonly file: string;
  readonly line: number;
  /** What is taken out, on one line. */
  readonly text: string;
  /** Name of the function that it is in; absent: it is in none, or nobody looked. */
  readonly within?: string;
  readonly removal: Removal;
  /** Where it is in the module's text. */
  readonly start: number;
  readonly end: number;
}

/**
 * @param removal - of a guard
 * @returns what stands in its place, on one line
 */
export function insteadOf(removal: Removal): string {
  if (removal.to === "other") return removal.code.replaceAll(/\s+/g, " ");
  return removal.to === "other words" ? removal.words : removal.to;
}

/**
 * By its text, and not by its line, a guard is known again when something else changes.
 *
 * @param guards - of one file
 * @returns each with its id
 */
export function named(guards: readonly Guard[]): Guard[] {
  const seen = new Map<string, number>();
  return guards.map((guard) => {
    const name = `${guard.file} ${insteadOf(guard.removal)}: ${guard.text}`;
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return { ...guard, id: `${name} #${nth}` };
  });
}
