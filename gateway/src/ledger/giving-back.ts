import { setTimeout as pause } from "node:timers/promises";
import { isUnavailable } from "#registry-protocol/faults.js";
import type { SharedDatabase } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { isReserved, type Reservation } from "./sql/reserve-tag.js";
import { releaseTag } from "./sql/settle-tag.js";

interface GivingBackDeps {
  readonly db: SharedDatabase;
  readonly log: Logger;
}

/** Looks go on for about a lease: after that whoever wants the tag takes it over. */
const PATIENCE_MILLISECONDS = 60_000;
const FIRST_PAUSE_MILLISECONDS = 250;
const LONGEST_PAUSE_MILLISECONDS = 4_000;

/**
 * Reserves a tag. Should the database not answer, it may have reserved it all the same, or do so when it wakes up;
 * then nobody else could write the tag for a whole lease. So that reservation is given back in the background.
 *
 * @param deps - ledger and log
 * @param wanted - the reservation; whoever wants it does nothing more with it when this throws
 * @param reserve - makes it
 * @returns what `reserve` returns
 * @throws what `reserve` throws
 */
export async function givingBack<T>(
  deps: GivingBackDeps,
  wanted: Reservation,
  reserve: () => Promise<T>,
): Promise<T> {
  return orGiveBack(reserve, () => isGivenBack(deps, wanted));
}

/**
 * @param reserve - reserves something
 * @param isGivenBack - gives it back if it is reserved; whether it was
 * @returns what `reserve` returns
 * @throws what `reserve` throws; should the database not have answered, it is given back in the background
 */
export async function orGiveBack<T>(
  reserve: () => Promise<T>,
  isGivenBack: () => Promise<boolean>,
): Promise<T> {
  try {
    return await reserve();
  } catch (error) {
    if (isUnavailable(error)) void giveBack(isGivenBack);
    throw error;
  }
}

/** Looks again after an answer of no, too: a statement that was given up may still be run. */
async function giveBack(isGivenBack: () => Promise<boolean>): Promise<void> {
  let next = FIRST_PAUSE_MILLISECONDS;
  for (let waited = 0; waited < PATIENCE_MILLISECONDS;) {
    // Keeps no process alive that wants to end.
    await pause(next, undefined, { ref: false });
    if (await isGivenBack().catch(() => false)) return;
    waited += next;
    next = Math.min(next * 2, LONGEST_PAUSE_MILLISECONDS);
  }
}

async function isGivenBack({ db, log }: GivingBackDeps, wanted: Reservation): Promise<boolean> {
  if (!(await isReserved(db, wanted))) return false;
  await db.transaction((tx) => releaseTag(tx, wanted), wanted.repository);
  const { repository, tag, reservation } = wanted;
  log.info({ event: "reservation.given-back", repository, tag, reservation });
  return true;
}
