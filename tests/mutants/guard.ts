/** What takes a guard out. */
export type Removal =
  /** The expression is this instead. */
  | { readonly to: "true" | "false" | "undefined" | "Infinity" }
  /** The statement is not run. */
  | { readonly to: "nothing" }
  /** The SQL condition holds for every row; a bound in `least` binds nothing. */
  | { readonly to: "every row" | "no bound"; readonly isTemplate: boolean };

/** One check that can be taken out of a module. */
export interface Guard {
  /** Names it through changes of what is around it. */
  readonly id: string;
  readonly file: string;
  readonly line: number;
  /** What is taken out, on one line. */
  readonly text: string;
  readonly removal: Removal;
  /** Where it is in the module's text. */
  readonly start: number;
  readonly end: number;
}
