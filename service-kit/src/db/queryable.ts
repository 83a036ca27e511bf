import type pg from "pg";
import type { StatementName } from "./statement-names.js";

/** Anything that runs one SQL statement: the pool, or a transaction. */
export interface Queryable {
  /**
   * @param sql - a statement
   * @param values - its parameters
   * @param name - for a statement that is run all the time: each connection then parses and plans it once
   * @param about - for one that may wait for what others hold: see `Database.transaction`
   * @returns its rows
   * @throws Fault UNAVAILABLE when the database cannot be used
   */
  query<Row extends pg.QueryResultRow>(
    sql: string,
    values?: readonly unknown[],
    name?: StatementName,
    about?: string,
  ): Promise<{ rows: Row[]; rowCount: number | null }>;
}

/** A transaction; what it tells is told after its commit, and not at all when it is rolled back. */
export interface Transaction extends Queryable {
  /**
   * @param channel - a plain lower-case name
   * @param payload - under 8,000 bytes
   * @param unsure - what is told where nobody can say whether it was committed; absent: nothing
   */
  tell(channel: string, payload: string, unsure?: string): void;
}

/**
 * A transaction as whoever begins and ends it has it. Statements that are begun without waiting for each other go to the server
 * together and run in the order in which they were begun; when one fails, those after it fail, too.
 */
export interface OwnTransaction extends Transaction {
  /** Like `query`, of a statement that changes nothing: the first ones go to the server together with `begin`. */
  readonly look: Queryable["query"];
  /**
   * The commit is sent together with these statements, and counts only when all of them succeed.
   *
   * @param last - begins them, all before it waits for any; `work` returns after that, and begins no others
   */
  endWith(last: () => Promise<unknown>): void;
}
