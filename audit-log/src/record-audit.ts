import type { Queryable } from "#service-kit/db/pool.js";
import { CHAINS, chainOf } from "./chain.js";
import type { AuditEntry } from "./entry.js";

/** Writes an entry into the audit log; when it throws, what the entry is about must not happen. */
export type RecordAudit = (tx: Queryable, entry: AuditEntry) => Promise<void>;

/**
 * Appends an entry to a chain: its repository's, or another one while that is being appended to, so that
 * commits do not wait for each other. The chain is held until the transaction ends: record last.
 *
 * @param tx - the transaction that the entry is about
 * @param entry - what is changed
 * @throws whatever Postgres says, or Error when the log is not as it has to be
 */
export const recordAudit: RecordAudit = async (tx, entry) => {
  const chain = chainOf(entry.repository);
  const json = JSON.stringify(entry);
  const values = [chain, json, entry.action, entry.repository];
  if ((await tx.query(APPEND_TO_FREE_CHAIN, values)).rowCount === 1) return;
  const { rowCount } = await tx.query(APPEND_TO_OWN_CHAIN, values);
  if (rowCount !== 1) throw new Error("the audit log has lost the head of a chain");
};

/** Dated by the database, the one clock that all replicas share; an entry's JSON never begins otherwise. */
const append = (choice: string) => `
  with chosen as (
    select chain, date_trunc('microseconds', clock_timestamp()) as at
    from audit.chain_head ${choice}
  ), dated as (
    select chain, at, '{"at":"' ||
      to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '",' ||
      substr($2, 2) as content
    from chosen
  ), head as (
    update audit.chain_head as kept
    set position = kept.position + 1, previous_hash = kept.hash,
        hash = sha256(kept.hash || convert_to(dated.content, 'UTF8'))
    from dated where kept.chain = dated.chain
    returning kept.chain, kept.position, kept.previous_hash, kept.hash, dated.at, dated.content
  )
  insert into audit.entry
    (chain, position, at, action, repository, content, previous_hash, hash)
  select chain, position, at, $3, $4, content, previous_hash, hash from head`;

const APPEND_TO_FREE_CHAIN = append(
  `order by (chain - $1 + ${CHAINS}) % ${CHAINS} limit 1 for update skip locked`,
);
const APPEND_TO_OWN_CHAIN = append("where chain = $1 for update");
