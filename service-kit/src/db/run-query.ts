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
  target: pg.Client,
  sql: string,
  values: readonly unknown[] = [],
  name?: StatementName,
): Promise<{ rows: Row[]; rowCount: number | null; command: string }> {
  try {
    sendTogether(target);
    return await target.query<Row>({ text: sql, values: [...values], ...(name && { name }) });
  } catch (error) {
    throw asFault(error);
  }
}

const gathering = new WeakSet<pg.Client>();

/** Statements that are begun in one turn go out in one write: each costs about as much as reading a statement's rows. */
function sendTogether(target: pg.Client): void {
  if (gathering.has(target)) return;
  const { stream } = target.connection;
  gathering.add(target);
  stream.cork();
  process.nextTick(() => {
    gathering.delete(target);
    stream.uncork();
  });
}
