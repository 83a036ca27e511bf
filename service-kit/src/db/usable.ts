import type { Queryable } from "./pool.js";

/**
 * @param db - pool
 * @param table - one that the service writes to, as `ledger.tag`
 * @returns why the database cannot be written to now, or `null`
 * @throws Fault UNAVAILABLE when it does not answer
 */
export async function whyUnusable(db: Queryable, table: string): Promise<string | null> {
  const { rows } = await db.query<{ readOnly: boolean; may: boolean | null }>(
    `select current_setting('transaction_read_only') = 'on' as "readOnly",
            has_table_privilege(to_regclass($1), 'insert') as may`,
    [table],
    "is usable",
  );
  const [row] = rows;
  if (row?.readOnly === true) return "the database is read-only: is it a standby?";
  if (row?.may == null) return `the database has no table ${table}: is it being restored?`;
  return row.may ? null : `the database role may not write to ${table}`;
}
