import pg from "pg";
import { ConfigError } from "../config.js";
import { endClient } from "./end-client.js";
import { quickQuery } from "./quick-query.js";

/**
 * A pooler of connections that gives each transaction another one: what was asked to be told (LISTEN), and locks of a
 * session, mean nothing behind it, without a word.
 */
export class PoolerError extends ConfigError {
  /** In one line. */
  readonly why: string;

  constructor(why: string) {
    super([`DB_SUBNAME: ${why}`]);
    this.why = `DB_SUBNAME ${why}`;
  }
}

const LOOKS = 5;
const NOT_HERE =
  "leads to a pooler of connections that gives each transaction another one (PgBouncer in transaction or statement mode, RDS Proxy): LISTEN and session locks mean nothing there; name the database itself, or a pooler in session mode";
const SETTINGS =
  "leads to a pooler of connections that refuses what a login sets; name the database itself, or have a pooler in session mode ignore them: ignore_startup_parameters = extra_float_digits,options,statement_timeout,lock_timeout,idle_in_transaction_session_timeout";

/**
 * Two sessions that live at once never have the same backend at the server, and one session never has two. A pooler gives
 * itself away by the number of the process that it names at login.
 *
 * @param client - a connection
 * @param another - makes one more, which is ended again
 * @throws PoolerError when both share a backend
 */
export async function refusePooler(
  client: pg.Client,
  another: () => Promise<pg.Client>,
): Promise<void> {
  const own = await backendOf(client);
  if ((client as { readonly processID?: number | null }).processID === own) return;
  const other = await another();
  try {
    for (let look = 0; look < LOOKS; look += 1) {
      if ((await backendOf(other)) === own || (await backendOf(client)) !== own)
        throw new PoolerError(NOT_HERE);
    }
  } finally {
    await endClient(other);
  }
}

/** What PgBouncer says, and RDS Proxy by its documentation, which refuses all that `options` sets. */
const REFUSED = /unsupported startup parameter|doesn't support command-line options/;

/**
 * @param error - why a connection could not be made
 * @returns the same, or what it means when a pooler says so
 */
export function namingPooler(error: unknown): unknown {
  const isRefused = error instanceof pg.DatabaseError && REFUSED.test(error.message);
  return isRefused ? new PoolerError(SETTINGS) : error;
}

async function backendOf(client: pg.Client): Promise<number> {
  const answer = await quickQuery<{ pid: number }>(client, "select pg_backend_pid() as pid");
  return answer?.pid ?? 0;
}
