/** What one pass of discovery saw and did. */
export interface PassSummary {
  readonly repositories: number;
  /** Tags that the registry lists. */
  readonly tags: number;
  /** Tags of the ledger whose digest was asked for. */
  readonly compared: number;
  /** Tags of the ledger whose digest nobody asked for, or was not told; 0 until the pass has ended. */
  readonly notCompared: number;
  readonly adopted: number;
  /** Tags that an operator has taken over as the registry has them. */
  readonly taken: number;
  /** Tags of the ledger that the registry did not have this time. */
  readonly absent: number;
  /** Those of them that were not put back. */
  readonly absentLeft: number;
  /** Tags that count as missing as of this pass. */
  readonly missing: number;
  /** Tags that mean something else at the registry. */
  readonly drifted: number;
  readonly repaired: number;
  /** Drifted tags that were not repaired. */
  readonly driftLeft: number;
  /** Manifests whose parts were looked for. */
  readonly manifests: number;
  /** Those of them that lack a part, or are themselves what the registry lacks. */
  readonly incomplete: number;
  /** Incomplete ones that were not mended. */
  readonly incompleteLeft: number;
  readonly errors: number;
  readonly seconds: number;
  /** The first of what went wrong, in words. */
  readonly problems: readonly string[];
}

type Count = Exclude<keyof PassSummary, "notCompared" | "seconds" | "problems">;

/** Counts during a pass. */
export interface Tally {
  add(count: Count, by?: number): void;
  /** Notes something in words; only the first few are kept. */
  problem(text: string): void;
  /** Counts an error; too many in a row end the pass. @throws Error when the registry seems to be away */
  error(text: string): void;
  /** Notes what ended the pass early; counts as an error. */
  end(reason: string): void;
  /** Notes that the registry has answered. */
  answered(): void;
  /** Notes how many tags the ledger has. */
  known(tags: number): void;
  summary(): PassSummary;
}

const MOST_PROBLEMS = 20;
const MOST_ERRORS_IN_A_ROW = 20;

/**
 * @param now - current time in milliseconds
 * @returns a tally at zero
 */
export function newTally(now: () => number): Tally {
  const began = now();
  const problems: string[] = [];
  let known = 0;
  let inARow = 0;
  const counts: Record<Count, number> = {
    repositories: 0,
    tags: 0,
    compared: 0,
    adopted: 0,
    taken: 0,
    absent: 0,
    absentLeft: 0,
    missing: 0,
    drifted: 0,
    repaired: 0,
    driftLeft: 0,
    manifests: 0,
    incomplete: 0,
    incompleteLeft: 0,
    errors: 0,
  };
  const problem = (text: string) => {
    if (problems.length < MOST_PROBLEMS) problems.push(text);
  };
  return {
    add: (count, by = 1) => {
      counts[count] += by;
    },
    problem,
    error: (text) => {
      counts.errors += 1;
      problem(text);
      inARow += 1;
      if (inARow > MOST_ERRORS_IN_A_ROW)
        throw new Error("given up: the registry answers with errors alone");
    },
    end: (reason) => {
      counts.errors += 1;
      problems.unshift(reason);
    },
    answered: () => {
      inARow = 0;
    },
    known: (tags) => {
      known = tags;
    },
    summary: () => ({
      ...counts,
      // Tags that were deleted after they were compared are not among those known.
      notCompared: Math.max(0, known - counts.compared),
      seconds: (now() - began) / 1000,
      problems: [...problems],
    }),
  };
}
