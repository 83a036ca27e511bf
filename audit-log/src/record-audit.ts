import type { Queryable } from "#service-kit/db/pool.js";
import type { AuditEntry } from "./entry.js";

/** Chains whose entries do not wait for each other. */
export const CHAINS = 16;

/** Writes entries into the audit log. */
export type RecordAudit = (tx: Queryable, entry: AuditEntry) => Promise<void>;

/**
 * Appends an entry to its chain. Done last in a transaction, it holds up other entries of the same chain for
 * no longer than the commit takes.
 *
 * @param now - current time in milliseconds since the epoch
 * @returns the recorder; give it the transaction that the entry is about
 */
export function auditRecorder(now: () => number): RecordAudit {
  return async (tx, entry) => {
    const at = new Date(now());
    const content = JSON.stringify({ at: at.toISOString(), ...entry });
    await tx.query(
      `with head as (
         select chain, position, hash from audit.chain_head where chain = $1 for update
       ), appended as (
         insert into audit.entry (chain, position, at, content, previous_hash, hash)
         select chain, position + 1, $2, $3, hash, sha256(hash || convert_to($3, 'UTF8'))
         from head
         returning chain, position, hash
       )
       update audit.chain_head as kept
       set position = appended.position, hash = appended.hash
       from appended where kept.chain = appended.chain`,
      [chainOf(entry.repository ?? ""), at, content],
    );
  };
}

/**
 * @param repository - repository of an entry; empty when it has none
 * @returns the chain that its entries are in: all of one repository are in one, in their order
 */
export function chainOf(repository: string): number {
  let hash = 0x811c9dc5;
  // FNV-1a, for its spread over short names; nothing depends on it being hard to invert.
  for (const byte of Buffer.from(repository)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % CHAINS;
}
