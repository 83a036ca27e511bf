import pg from "pg";
import type { Registry } from "prom-client";
import type { Logger } from "../log.js";
import { beginPart, shownAs, spendOn } from "../request-at-hand.js";
import type { Part } from "../trace.js";
import { isThere } from "./is-there.js";
import { breaker, type Patience } from "./breaker.js";
import { CONNECT_MILLISECONDS, type DatabaseConfig } from "./config.js";
import { connectionsOf, type Connections } from "./connections.js";
import { awayShown } from "./database-metrics.js";
import { isLost, isStale, unusableTold } from "./errors.js";
import { pooledClient } from "./pooled-client.js";
import { serverChoice, tellingLosses } from "./servers.js";
import type { OwnTransaction, Queryable } from "./queryable.js";
import { runQuery } from "./run-query.js";
import type { StatementName } from "./statement-names.js";
import { statementPart, TRANSACTION_PART } from "./statement-part.js";
import { runTransaction } from "./transaction.js";
import { teller, type Telling } from "./tell.js";

export type { OwnTransaction, Queryable, Transaction } from "./queryable.js";

/** A pool of connections. */
export interface Database extends Queryable, Telling {
  /**
   * Runs `work` in one transaction; rolls back when it throws.
   *
   * @param work - what it does
   * @param about - of what wait for one another, such as a repository: a bounded pool keeps room for others; "" for nothing
   */
  transaction<T>(work: (tx: OwnTransaction) => Promise<T>, about?: string): Promise<T>;
  close(): Promise<void>;
}

/** A pool, or the part of one that pushes have: each transaction says what it is about. */
export interface SharedDatabase extends Omit<Database, "transaction"> {
  transaction: <T>(work: (tx: OwnTransaction) => Promise<T>, about: string) => Promise<T>;
}

/** How a pool is to be. */
export interface PoolOptions {
  /** Shown in `pg_stat_activity`. */
  readonly name: string;
  /** Most connections held. */
  readonly connections: number;
  /** Hears at once, in this process, what is told to all. */
  readonly heard?: (channel: string, payload: string) => void;
  /** Where it is shown whether the server counts as away; absent: nowhere. */
  readonly registry?: Registry;
  /** How long a silent server is waited for; another than usual in tests alone. */
  readonly patience?: Patience;
}

/** Whoever holds a row or a table for longer is stuck: whoever waits gives its connection back. */
const LOCK_MILLISECONDS = 5_000;

/**
 * @param config - where the database is
 * @param options - name, size, and who hears what is told
 * @param log - where lost idle connections are told
 * @returns a pool; its queries throw Fault UNAVAILABLE while the database cannot be used
 */
export function openDatabase(config: DatabaseConfig, options: PoolOptions, log: Logger): Database {
  const choice = serverChoice(config);
  const pool = new pg.Pool({
    Client: pooledClient(config, choice),
    application_name: options.name,
    max: options.connections,
    // Two bounds: the server ends a slow statement; the client gives up on a server that is silent.
    statement_timeout: 10_000,
    query_timeout: 12_000,
    // A transaction does nothing but ask the database: of one that pauses the host is lost, or stopped.
    idle_in_transaction_session_timeout: 10_000,
    lock_timeout: LOCK_MILLISECONDS,
    connectionTimeoutMillis: CONNECT_MILLISECONDS,
  });
  const connections = connectionsOf(pool, choice);
  tellingLosses(log)(pool);
  const silence = breaker({
    probe: (milliseconds) => isThere(config, milliseconds),
    cut: connections.cut,
    log,
    ...(options.registry && { shown: awayShown(options.registry) }),
    ...(options.patience && { patience: options.patience }),
  });
  const telling = teller((...told) => silence.run(() => runOne(connections, TELL, told, "tell")), {
    log,
    ...(options.heard && { heard: options.heard }),
  });
  const unusable = unusableTold(log);
  const told = <T>(part: () => Part, work: () => Promise<T>) => {
    const begun = beginPart(part);
    return spendOn("database", shownAs(begun, unusable(silence.run(work))));
  };
  return {
    query: (sql, values, name) =>
      told(
        () => statementPart(sql, name),
        () => runOne(connections, sql, values, name),
      ),
    tell: (channel, payload) => {
      telling.tell(channel, payload);
    },
    transaction: (work) =>
      told(
        () => TRANSACTION_PART,
        () => connections.use((...one) => runTransaction(one, telling, work)),
      ),
    close: async () => {
      await telling.close();
      silence.stop();
      await pool.end();
    },
  };
}

/**
 * A connection whose server has become read-only, or is lost, is of no more use; another one may be. What was prepared
 * before a migration is prepared anew: the statement has changed nothing yet.
 */
async function runOne<Row extends pg.QueryResultRow>(
  connections: Connections,
  ...statement: [sql: string, values?: readonly unknown[], name?: StatementName]
): Promise<{ rows: Row[]; rowCount: number | null }> {
  const attempt = () =>
    connections.use((client, noteBroken) =>
      runQuery<Row>(client, ...statement).catch((error: unknown) => {
        if (isLost(error)) noteBroken();
        throw error;
      }),
    );
  return attempt().catch((error: unknown) => {
    if (isStale(error)) return attempt();
    throw error;
  });
}

const TELL = `select pg_notify(channel, payload)
  from unnest($1::text[], $2::text[]) as told (channel, payload)`;
