import { mkdirSync, rmSync } from "node:fs";
import { sharePostgres } from "#tests/support/postgres.js";
import type { NumberedGuard } from "./instrument.js";
import type { History } from "./nearest.js";
import { noticeGuards, type Outcome } from "./notice.js";
import { findReach } from "./reach.js";
import { makeScratch } from "./scratch.js";
import type { Tests } from "./targets.js";

const UNIT = { test: 10_000, file: 60_000 };
const WHOLE = { test: 20_000, file: 120_000 };

/** Who is asked, and how. */
export interface Question {
  /** Where the copy is made, and what is found is kept. */
  readonly folder: string;
  /** Whether what is kept there is forgotten first. */
  readonly isFresh: boolean;
  readonly tests: Tests;
  /** How many mutants may be out at once. */
  readonly together: number;
  /** How many test files are asked about one mutant, of each kind. */
  readonly most: number;
  /** Which noticed other mutants of the same module. */
  readonly history: History;
  /** What integration tests and attacks are asked about, of what no unit test noticed. */
  readonly isForWhole: (mutant: NumberedGuard) => boolean;
}

/**
 * @param all - everything that can be otherwise in the copy
 * @param wanted - what is asked about
 * @param question - who is asked, and how
 * @returns what became of each, by id
 */
export async function askTests(
  all: readonly NumberedGuard[],
  wanted: readonly NumberedGuard[],
  { folder, isFresh, tests, isForWhole, ...bounds }: Question,
): Promise<ReadonlyMap<string, Outcome>> {
  if (isFresh) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const scratch = makeScratch(folder, all);
  const outcomes = new Map<string, Outcome>();
  const say = (id: string, outcome: Outcome) => outcomes.set(id, outcome);
  const unit = await findReach(scratch, tests.unit, all, UNIT);
  console.log(`${wanted.length} places, ${unit.length} unit tests`);
  const open = await noticeGuards(scratch, wanted, unit, { patience: UNIT, ...bounds }, say);
  const left = open.filter(isForWhole);
  console.log(`${left.length} left after the unit tests`);
  if (tests.whole.length === 0 || left.length === 0) return outcomes;
  const stopSharing = await sharePostgres();
  try {
    const whole = await findReach(scratch, tests.whole, all, WHOLE);
    await noticeGuards(scratch, left, whole, { patience: WHOLE, ...bounds }, say);
  } finally {
    await stopSharing();
  }
  return outcomes;
}
