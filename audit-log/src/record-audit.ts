import type { Queryable } from "#service-kit/db/pool.js";
import { chainOf } from "./chain.js";
import type { AuditEntry } from "./entry.js";

/** Writes an entry into the audit log; when it throws, what the entry is about must not happen. */
export type RecordAudit = (tx: Queryable, entry: AuditEntry) => Promise<void>;

/**
 * Appends an entry to its chain. The chain is held until the transaction ends: so record last, and no more
 * than one repository's entries in one transaction, or two transactions could wait for each other.
 *
 * @param now - current time in milliseconds since the epoch
 * @returns the recorder; give it the transaction that the entry is about
 */
export function auditRecorder(now: () => number): RecordAudit {
  return async (tx, entry) => {
    const at = new Date(now());
    const content = JSON.stringify({ at: at.toISOString(), ...entry });
    const { rowCount } = await tx.query(
      `with head as (
         update audit.chain_head
         set position = position + 1, previous_hash = hash,
             hash = sha256(hash || convert_to($5, 'UTF8'))
         where chain = $1
         returning chain, position, previous_hash, hash
       )
       insert into audit.entry
         (chain, position, at, action, repository, content, previous_hash, hash)
       select chain, position, $2, $3, $4, $5, previous_hash, hash from head`,
      [chainOf(entry.repository), at, entry.action, entry.repository, content],
    );
    if (rowCount !== 1) throw new Error("the audit log has lost the head of a chain");
  };
}
