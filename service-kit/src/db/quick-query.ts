import type pg from "pg";
import { CONNECT_MILLISECONDS } from "./config.js";

/**
 * Asks for what any server knows at once, also on a connection whose statements may take long.
 *
 * @param client - a connection
 * @param text - the statement
 * @returns its first row
 * @throws when there is no answer within the time of a connection
 */
export async function quickQuery<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  text: string,
): Promise<Row | undefined> {
  // The driver's types know the bound of a connection alone.
  const bound: pg.QueryConfig & { readonly query_timeout: number } = {
    text,
    query_timeout: CONNECT_MILLISECONDS,
  };
  const { rows } = await client.query<Row>(bound);
  return rows[0];
}
