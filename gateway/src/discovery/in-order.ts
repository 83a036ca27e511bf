import type { PassSummary } from "./tally.js";

/**
 * @param summary - a pass that ended
 * @returns whether the registry is as the ledger says, as far as was looked
 */
export function isInOrder(summary: PassSummary): boolean {
  const { errors, driftLeft, absentLeft, incompleteLeft } = summary;
  return errors === 0 && driftLeft === 0 && absentLeft === 0 && incompleteLeft === 0;
}
