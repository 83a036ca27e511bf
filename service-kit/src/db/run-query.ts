import type pg from "pg";
import { asFault } from "./errors.js";
import type { StatementName } from "./statement-names.js";

/**
 * @param target - the connection that runs the statement
 * @param sql - the statement
 * @param values - its parameters
 * @param name - see {@link Queryable.query}
 * @returns its rows, and which command it was in the end: a commit may have been a rollback
 * @throws Fault UNAVAILABLE when the database cannot be used
 */
export async function runQuery<Row extends pg.QueryResultRow>(
  target: pg.ClientBase,
  sql: string,
  values: readonly unknown[] = [],
  name?: StatementName,
): Promise<{ rows: Row[]; rowCount: number | null; command: string }> {
  try {
    return await target.query<Row>({ text: sql, values: [...values], ...(name && { name }) });
  } catch (error) {
    throw asFault(error);
  }
}
