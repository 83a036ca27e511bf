import { hostname } from "node:os";
import { forgetGateway, listGateways } from "#gateway/mode/sql.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { bindFailure } from "../processes/ports.js";

const SILENT_SECONDS = 3;

/**
 * Forgets gateways of this machine that have ended without saying so, as after kill -9. Silence alone would not
 * do: a gateway that cannot reach the database may be writing at the registry.
 *
 * @param db - ledger
 * @throws Fault UNAVAILABLE when the ledger cannot be asked
 */
export async function forgetEndedGateways(db: Queryable): Promise<void> {
  const here = `${hostname()}:`;
  for (const { name, silentSeconds } of await listGateways(db)) {
    if (silentSeconds < SILENT_SECONDS || !name.startsWith(here)) continue;
    if ((await bindFailure(Number(name.slice(here.length)))) === null)
      await forgetGateway(db, name);
  }
}
