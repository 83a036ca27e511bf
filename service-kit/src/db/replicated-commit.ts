import type pg from "pg";
import { Fault } from "#registry-protocol/faults.js";

/** Where Postgres' commits wait for a standby (src/backend/replication/syncrep.c). */
const WAITS_FOR_STANDBY = "SyncRepWaitForLSN";

/**
 * With synchronous replication a commit waits until a standby has it, too. When that wait is cut short, by the bound of a
 * statement's time or by an operator, Postgres commits all the same and says so in a warning alone: what was committed is
 * gone when another server becomes the leader.
 *
 * @param client - a connection
 * @param commit - commits on it
 * @returns what `commit` returns
 * @throws Fault UNAVAILABLE when no standby is known to have it, and whatever `commit` throws
 */
export async function replicatedCommit<T>(client: pg.Client, commit: () => Promise<T>): Promise<T> {
  const warnedBy = new Set<string | undefined>();
  const hear = ({ routine }: { readonly routine?: string | undefined }) => warnedBy.add(routine);
  client.on("notice", hear);
  const committed = await commit().finally(() => client.off("notice", hear));
  if (warnedBy.has(WAITS_FOR_STANDBY))
    throw new Fault("UNAVAILABLE", {
      message: "no standby of the ledger's database has this yet, try again",
    });
  return committed;
}
