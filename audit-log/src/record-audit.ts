import type { Queryable } from "#service-kit/db/pool.js";
import { chainOf } from "./chain.js";
import type { AuditEntry } from "./entry.js";

/** Writes an entry into the audit log; when it throws, what the entry is about must not happen. */
export type RecordAudit = (tx: Queryable, entry: AuditEntry) => Promise<void>;

/**
 * Appends an entry to a chain, which is held until the transaction ends: record last.
 *
 * @param tx - the transaction that the entry is about
 * @param entry - what is changed
 * @throws whatever Postgres says, also when the log is not as it has to be
 */
export const recordAudit: RecordAudit = async (tx, entry) => {
  const { action, actor, repository, tag, digest, reason, detail } = entry;
  // Who did it comes before whatever else could say a name: so entries are found by it.
  const ordered: AuditEntry = { action, actor, repository, tag, digest, reason, detail };
  // An entry's JSON begins with "{" always; the database puts its date behind that.
  await tx.query(
    "select audit.append($1, $2, $3, $4)",
    [chainOf(repository), JSON.stringify(ordered), action, repository],
    "append audit entry",
  );
};
