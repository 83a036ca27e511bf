import type { Queryable } from "#service-kit/db/pool.js";
import { forgetGateway, type HeardGateway } from "./sql.js";
import { hasEnded } from "./this-process.js";

/** No request of a gateway lasts as long. */
const LONGEST_SILENCE_SECONDS = 86_400;

/**
 * Forgets gateways that have ended without saying so, as after kill -9: those whose process ran on this machine and is
 * gone, and those of which nobody has heard for a day. Silence for less would not do: a gateway that cannot reach the
 * database may be writing at the registry.
 *
 * @param db - ledger
 * @param gateways - all that were heard of
 * @returns names of those that are forgotten
 * @throws Fault UNAVAILABLE when the ledger cannot be asked
 */
export async function forgetEndedGateways(
  db: Queryable,
  gateways: readonly HeardGateway[],
): Promise<string[]> {
  const gone = gateways.filter(
    ({ process, silentSeconds }) =>
      silentSeconds > LONGEST_SILENCE_SECONDS || (process !== null && hasEnded(process)),
  );
  for (const { name } of gone) await forgetGateway(db, name);
  return gone.map(({ name }) => name);
}
