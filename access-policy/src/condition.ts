import type { Question } from "./question.js";

/** Whether something holds, as far as that can be told without knowing teams. */
export type Verdict = boolean | "teams-needed";

/** A condition without its place among the others, ready to be asked. */
export interface Test {
  holds(question: Question): Verdict;
  /** @returns why it does not hold */
  whyNot(question: Question): string;
}

/** One condition of a rule. */
export interface Condition extends Test {
  /** The higher, the nearer to a match is a rule that fails here alone. */
  readonly rank: number;
}
