/**
 * Who, at which registry, does what where; the answer, `yes` with the rule that allows it or `no` with the reason; and keys of the
 * sentences that say so.
 */
export type Case = readonly [asked: string, answer: string, sentences: string];
