import type { Pass } from "./pass.js";
import { isRoundDue, noteRound, type Round } from "./sql/cursor.js";

/**
 * @param pass - a pass that would begin a round with the first of all
 * @param round - through what
 * @returns whether it does: with a small registry each pass would ask for everything anew
 */
export async function beginsRound({ session, options }: Pass, round: Round): Promise<boolean> {
  const { roundSeconds = 0, dryRun } = options;
  if (roundSeconds > 0 && !(await isRoundDue(session, round, roundSeconds))) return false;
  if (!dryRun) await noteRound(session, round);
  return true;
}
