import { runExclusively, type ExclusiveSession } from "#service-kit/db/exclusive.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import type { Logger } from "#service-kit/log.js";

/**
 * Runs `work` unless garbage is being collected, and keeps others from collecting it meanwhile.
 *
 * @param config - where the ledger is
 * @param log - where a lost connection is told
 * @param work - collects garbage, or switches back to normal
 * @returns whether it ran, and what came of it
 * @throws Fault UNAVAILABLE when the database cannot be used, and whatever `work` throws
 */
export async function unlessCollecting<T>(
  config: DatabaseConfig,
  log: Pick<Logger, "warn">,
  work: (session: ExclusiveSession) => Promise<T>,
): ReturnType<typeof runExclusively<T>> {
  return runExclusively(config, "collection", log, work);
}
