import type pg from "pg";
import type { Logger } from "../log.js";
import { endClient } from "./end-client.js";
import { WORK_LOCKS, type WorkLock } from "./locks.js";
import { unavailable } from "./errors.js";
import type { DatabaseConfig } from "./config.js";
import { PoolerError } from "./pooler.js";
import type { Queryable } from "./pool.js";
import { runQuery } from "./run-query.js";
import { connectSession } from "./session.js";
import { tellingLosses } from "./servers.js";

/** A connection that holds a lock which nobody else can have; temporary tables on it are its own. */
export interface ExclusiveSession extends Queryable {
  /** Aborted when the connection is lost, and the lock with it. */
  readonly lost: AbortSignal;
}

const STATEMENT_MILLISECONDS = 120_000;

/**
 * Runs `work` unless somebody else, on whatever machine, is running it.
 *
 * @param config - where the database is
 * @param lock - name of the work
 * @param log - where a lost connection is told
 * @param work - what to do while the lock is held
 * @returns whether it ran, and what came of it
 * @throws Fault UNAVAILABLE when the database cannot be used, PoolerError when a pooler keeps no session's locks, and
 *   whatever `work` throws
 */
export async function runExclusively<T>(
  config: DatabaseConfig,
  lock: WorkLock,
  log: Pick<Logger, "warn">,
  work: (session: ExclusiveSession) => Promise<T>,
): Promise<{ readonly ran: true; readonly result: T } | { readonly ran: false }> {
  const lost = new AbortController();
  const client = await connect(config, `exclusive work: ${lock}`, log);
  client.on("error", (error) => {
    lost.abort(error);
  });
  client.on("end", () => {
    lost.abort(new Error("the connection ended"));
  });
  const session: ExclusiveSession = {
    query: (sql, values) => runQuery(client, sql, values),
    lost: lost.signal,
  };
  try {
    const { rows } = await session.query<{ held: boolean }>(
      `select pg_try_advisory_lock($1) as held`,
      [WORK_LOCKS[lock]],
    );
    return rows[0]?.held === true ? { ran: true, result: await work(session) } : { ran: false };
  } finally {
    // The lock goes with the connection.
    await endClient(client);
  }
}

async function connect(
  config: DatabaseConfig,
  name: string,
  log: Pick<Logger, "warn">,
): Promise<pg.Client> {
  const options = {
    application_name: name,
    statement_timeout: STATEMENT_MILLISECONDS,
    query_timeout: STATEMENT_MILLISECONDS + 2_000,
  };
  try {
    return await connectSession(config, options, tellingLosses(log));
  } catch (error) {
    throw error instanceof PoolerError ? error : unavailable(error);
  }
}
