import { Fault } from "#registry-protocol/faults.js";
import { inTime } from "#service-kit/in-time.js";

/** Asks the ledger for readers, who have an answer without it, too. */
export type AskLedger = <T>(question: () => Promise<T>) => Promise<T>;

/** A ledger that is silent for this long, whatever the reason, is away for a reader, in milliseconds. */
const PATIENCE_MILLISECONDS = 2_000;

/**
 * Whoever finds the ledger silent first waits; from then on nobody does, until one question at a time that is asked on
 * the side has got its answer. It may be the whole database, or one table that somebody holds.
 *
 * @param patience - milliseconds that a reader waits; other than usual in tests alone
 * @returns what asks; throws Fault UNAVAILABLE when there is no answer in time, and whatever a question throws
 */
export function ledgerAsker(patience = PATIENCE_MILLISECONDS): AskLedger {
  let [isSilent, isAsked] = [false, false];
  const askOnTheSide = (question: () => Promise<unknown>): void => {
    if (isAsked) return;
    isAsked = true;
    question()
      .then(
        () => (isSilent = false),
        () => undefined,
      )
      .finally(() => (isAsked = false));
  };
  return (question) => {
    if (isSilent) {
      askOnTheSide(question);
      return Promise.reject(silent());
    }
    return inTime(question(), patience, () => {
      isSilent = true;
      return silent();
    });
  };
}

function silent(): Fault {
  return new Fault("UNAVAILABLE", { message: "the ledger does not answer; try again" });
}
