import type { PierOneTotals } from "./sql/pier-one-tags.js";

/** What came of a migration so far. */
export interface MigrationSummary {
  readonly totals: PierOneTotals;
  readonly imported: number;
  /** Tags that were here already. */
  readonly there: number;
  /** Tags that cannot be brought across, or must not. */
  readonly refused: number;
  /** Tags of which the next run may have more luck. */
  readonly failed: number;
  /** Blobs that were read and sent to the registry. */
  readonly blobs: number;
  readonly bytes: number;
  /** Blobs that the registry took from another repository. */
  readonly mounted: number;
  readonly seconds: number;
  /** Until the end, by how long tags have taken that were to be brought; `null`: nobody can say yet. */
  readonly secondsLeft: number | null;
}

/** Counts during a migration. */
export interface Tally {
  begin(totals: PierOneTotals): void;
  done(outcome: "imported" | "there"): void;
  refused(name: string, reason: string, how: "refused" | "failed"): void;
  blob(what: "carried" | "mounted", bytes: number): void;
  summary(): MigrationSummary;
}

/** From so few tags nothing can be told about the others. */
const FEWEST_BROUGHT = 10;

/**
 * @param tell - told at once of every tag that is not brought across
 * @param now - milliseconds of a clock that is never set
 * @returns a tally at zero
 */
export function newTally(
  tell: (name: string, reason: string) => void,
  now: () => number = () => performance.now(),
): Tally {
  const began = now();
  let totals: PierOneTotals = { tags: 0, first: 0, blobs: 0, bytes: 0 };
  const counts = { imported: 0, there: 0, refused: 0, failed: 0, blobs: 0, bytes: 0, mounted: 0 };
  /** When the first tag came that was not here: those before it say nothing of the time that others take. */
  let firstAt: number | null = null;
  let notThere = 0;
  const looked = () => counts.imported + counts.there + counts.refused + counts.failed;
  const note = (isThere: boolean) => {
    if (isThere) return;
    firstAt ??= now();
    notThere += 1;
  };
  const secondsLeft = () => {
    if (firstAt === null || notThere < FEWEST_BROUGHT) return null;
    const each = (now() - firstAt) / (notThere - 1) / 1_000;
    return Math.max(0, totals.tags - looked()) * each;
  };
  return {
    begin: (known) => {
      totals = known;
    },
    done: (outcome) => {
      counts[outcome] += 1;
      note(outcome === "there");
    },
    refused: (name, reason, how) => {
      counts[how] += 1;
      note(false);
      tell(name, reason);
    },
    blob: (what, bytes) => {
      counts[what === "carried" ? "blobs" : "mounted"] += 1;
      counts.bytes += bytes;
    },
    summary: () => ({
      totals,
      ...counts,
      seconds: (now() - began) / 1_000,
      secondsLeft: secondsLeft(),
    }),
  };
}
