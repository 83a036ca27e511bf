import pg from "pg";
import { isUnavailable } from "#registry-protocol/faults.js";
import type { Logger } from "../log.js";
import { isThere } from "./is-there.js";
import { breaker, type Patience } from "./breaker.js";
import { CONNECT_MILLISECONDS, type DatabaseConfig } from "./config.js";
import { asFault, isLost, unavailable, unusableTold } from "./errors.js";
import { pooledClient } from "./pooled-client.js";
import { namingPooler } from "./pooler.js";
import { serverChoice, tellingLosses, type ServerChoice } from "./servers.js";
import type { StatementName } from "./statement-names.js";
import { replicatedCommit } from "./replicated-commit.js";
import { teller, type Telling } from "./tell.js";

/** Anything that runs one SQL statement: the pool, or a transaction. */
export interface Queryable {
  /**
   * @param sql - a statement
   * @param values - its parameters
   * @param name - for a statement that is run all the time: each connection then parses and plans it once
   * @param about - for one that may wait for what others hold: see {@link Database.transaction}
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

/** A pool of connections. */
export interface Database extends Queryable, Telling {
  /**
   * Runs `work` in one transaction; rolls back when it throws.
   *
   * @param work - what it does
   * @param about - of what wait for one another, such as a repository: a bounded pool keeps room for others; "" for nothing
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, about?: string): Promise<T>;
  close(): Promise<void>;
}

/** A pool, or the part of one that pushes have: each transaction says what it is about. */
export interface SharedDatabase extends Omit<Database, "transaction"> {
  transaction: <T>(work: (tx: Transaction) => Promise<T>, about: string) => Promise<T>;
}

/** How a pool is to be. */
export interface PoolOptions {
  /** Shown in `pg_stat_activity`. */
  readonly name: string;
  /** Most connections held. */
  readonly connections: number;
  /** Hears at once, in this process, what is told to all. */
  readonly heard?: (channel: string, payload: string) => void;
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
  const connections = { connect: () => connect(pool, choice) };
  tellingLosses(log)(pool);
  const silence = breaker({
    probe: (milliseconds) => isThere(config, milliseconds),
    cut: cutter(pool),
    log,
    ...(options.patience && { patience: options.patience }),
  });
  const telling = teller((...told) => silence.run(() => runOne(connections, TELL, told, "tell")), {
    log,
    ...(options.heard && { heard: options.heard }),
  });
  const told = unusableTold(log);
  return {
    query: (sql, values, name) => told(silence.run(() => runOne(connections, sql, values, name))),
    tell: (channel, payload) => {
      telling.tell(channel, payload);
    },
    transaction: (work) => told(silence.run(() => runTransaction(connections, telling, work))),
    close: async () => {
      await telling.close();
      silence.stop();
      await pool.end();
    },
  };
}

interface Connections {
  /** @throws Fault UNAVAILABLE when there is none */
  connect(): Promise<pg.PoolClient>;
}

/** Asks one server after the other until one can be written to; a pool that is full says nothing of its server. */
async function connect(pool: pg.Pool, choice: ServerChoice): Promise<pg.PoolClient> {
  for (let tried = 1; ; tried += 1) {
    const server = choice.current();
    try {
      return await pool.connect();
    } catch (error) {
      if (tried >= choice.count || choice.current() === server)
        throw unavailable(namingPooler(error));
    }
  }
}

/**
 * Works on a connection of the pool. Without a listener, one that is lost between two statements would end the process.
 *
 * @param connections - the pool's
 * @param work - gets the connection, and what notes that it is of no more use: it is not given back then
 * @returns what `work` returns
 */
async function onConnection<T>(
  connections: Connections,
  work: (client: pg.PoolClient, noteBroken: () => void) => Promise<T>,
): Promise<T> {
  const client = await connections.connect();
  let broken = false;
  const noteBroken = () => {
    broken = true;
  };
  client.on("error", noteBroken);
  try {
    return await work(client, noteBroken);
  } finally {
    client.off("error", noteBroken);
    client.release(broken);
  }
}

/** A connection whose server has become read-only, or is lost, is of no more use; another one may be. */
function runOne<Row extends pg.QueryResultRow>(
  connections: Connections,
  ...statement: [sql: string, values?: readonly unknown[], name?: StatementName]
): Promise<{ rows: Row[]; rowCount: number | null }> {
  return onConnection(connections, (client, noteBroken) =>
    runQuery<Row>(client, ...statement).catch((error: unknown) => {
      if (isLost(error)) noteBroken();
      throw error;
    }),
  );
}

/** @returns what gives up every connection that a pool has at that moment */
function cutter(pool: pg.Pool): () => void {
  const clients = new Set<pg.PoolClient>();
  pool.on("connect", (client) => clients.add(client));
  pool.on("remove", (client) => clients.delete(client));
  return () => {
    for (const { connection } of clients) connection.stream.destroy();
  };
}

/**
 * @param target - the connection that runs the statement
 * @param sql - the statement
 * @param values - its parameters
 * @param name - see {@link Queryable.query}
 * @returns its rows
 * @throws Fault UNAVAILABLE when the database cannot be used
 */
export async function runQuery<Row extends pg.QueryResultRow>(
  target: pg.ClientBase,
  sql: string,
  values: readonly unknown[] = [],
  name?: StatementName,
): Promise<{ rows: Row[]; rowCount: number | null }> {
  try {
    return await target.query<Row>({ text: sql, values: [...values], ...(name && { name }) });
  } catch (error) {
    throw asFault(error);
  }
}

const TELL = `select pg_notify(channel, payload)
  from unnest($1::text[], $2::text[]) as told (channel, payload)`;

function runTransaction<T>(
  connections: Connections,
  telling: Telling,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return onConnection(connections, async (client, noteBroken) => {
    const told: Parameters<Transaction["tell"]>[] = [];
    try {
      await runQuery(client, "begin");
      const result = await work({
        query: <Row extends pg.QueryResultRow>(
          sql: string,
          values?: readonly unknown[],
          name?: StatementName,
        ) =>
          runQuery<Row>(client, sql, values, name).catch((error: unknown) => {
            // It may have become a read-only standby's; another one may not be.
            if (isUnavailable(error)) noteBroken();
            throw error;
          }),
        tell: (...what) => told.push(what),
      });
      await replicatedCommit(client, () => runQuery(client, "commit")).catch((error: unknown) => {
        for (const [channel, , unsure] of told)
          if (unsure !== undefined) telling.tell(channel, unsure);
        throw error;
      });
      for (const [channel, payload] of told) telling.tell(channel, payload);
      return result;
    } catch (error) {
      await client.query("rollback").catch(noteBroken);
      throw error;
    }
  });
}
