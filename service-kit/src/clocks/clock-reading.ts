/** What another clock said, held against one of our own that is never set. */
export interface ClockReading {
  /** What it says when ours says zero, in milliseconds since the epoch. */
  readonly zeroAt: number;
  /** How much that may be off, in milliseconds. */
  readonly uncertain: number;
  /** When that was told, by ours. */
  readonly takenAt: number;
}

/** A time that was told, and how much it leaves out, in milliseconds. */
export interface ToldTime {
  readonly at: number;
  readonly coarseness: number;
}

/** Milliseconds of a clock that is never set. */
export const steadyNow = (): number => performance.now();

/**
 * @param told - what it said
 * @param asked - when it was asked, by {@link steadyNow}
 * @param answered - when its answer came, by the same; what it said was so at any time in between
 * @returns the reading
 */
export function clockReading(told: ToldTime, asked: number, answered: number): ClockReading {
  return {
    zeroAt: told.at + told.coarseness / 2 - (asked + answered) / 2,
    uncertain: (told.coarseness + answered - asked) / 2,
    takenAt: answered,
  };
}

/** `Date` has no fractions (RFC 9110 section 5.6.7). */
const DATE_COARSENESS = 1_000;

/** Headers of an answer that say when it was made. */
export interface AnswerTime {
  readonly date: string | null;
  readonly age: string | null;
}

/**
 * @param headers - of an answer
 * @returns those that say when it was made
 */
export function answerTime(headers: Pick<Headers, "get">): AnswerTime {
  return { date: headers.get("date"), age: headers.get("age") };
}

/**
 * @param time - when an answer was made
 * @returns the same, understood; `null` when it does not say so, or comes from a cache
 */
export function timeInHeaders({ date, age }: AnswerTime): ToldTime | null {
  const at = Date.parse(date ?? "");
  if (Number.isNaN(at) || age !== null) return null;
  return { at, coarseness: DATE_COARSENESS };
}
