import pg from "pg";
import { isUnavailable } from "#registry-protocol/faults.js";
import type { EnvReader } from "../config.js";
import type { Logger } from "../log.js";
import type { Secret } from "../secret.js";
import { PASSWORD } from "../secret-form.js";
import { breaker, type Patience } from "./breaker.js";
import { endClient } from "./end-client.js";
import { asFault, unusableTold } from "./errors.js";
import type { StatementName } from "./statement-names.js";
import { currentPassword } from "./password.js";
import { replicatedCommit } from "./replicated-commit.js";
import { teller, type Telling } from "./tell.js";
import { readDatabaseTls, tlsOptions, type DatabaseTls } from "./tls.js";

/** Where Postgres is and how to log in. */
export interface DatabaseConfig {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: Secret;
  /** File that the password came from, read anew for each connection; absent or `null`: it never changes. */
  readonly passwordFile?: string | null;
  readonly tls: DatabaseTls;
}

/** Anything that runs one SQL statement: the pool, or a transaction. */
export interface Queryable {
  /**
   * @param sql - a statement
   * @param values - its parameters
   * @param name - for a statement that is run all the time: each connection then parses and plans it once
   * @returns its rows
   * @throws Fault UNAVAILABLE when the database cannot be used
   */
  query<Row extends pg.QueryResultRow>(
    sql: string,
    values?: readonly unknown[],
    name?: StatementName,
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

/**
 * Reads Pier One's database variables: `DB_SUBNAME` (`//host:5432/db?sslmode=verify-full`), `DB_USER`,
 * `DB_PASSWORD` (or `DB_PASSWORD_FILE`), `PGSSLMODE` and `PGSSLROOTCERT`.
 *
 * @param read - reader that collects faults
 * @returns the parsed configuration
 */
export function readDatabaseConfig(read: EnvReader): DatabaseConfig {
  const subname = read.text("DB_SUBNAME", "//localhost:5432/wharfinger", {
    meaning:
      "Postgres, with `?ssl=true` or `?sslmode=`…`&sslrootcert=`FILE (docs/closed-by-default.md#tls-to-the-database)",
    wanted: "`//host:port/database`",
  });
  const url = URL.canParse(`postgres:${subname}`) ? new URL(`postgres:${subname}`) : null;
  if (url !== null && (url.username !== "" || url.password !== ""))
    read.fault("DB_SUBNAME", "must not hold a user or password: those are DB_USER and DB_PASSWORD");
  else if (url?.hostname === undefined || url.hostname === "" || url.pathname.length < 2)
    read.fault("DB_SUBNAME", `given ${JSON.stringify(subname)}, wanted //host:port/database`);
  else if (url.hash !== "") read.fault("DB_SUBNAME", "holds a #, which begins nothing here");
  return {
    host: url?.hostname.replace(/^\[|\]$/g, "") ?? "",
    port: Number(url?.port === "" ? 5432 : url?.port),
    database: decodeURIComponent(url?.pathname.slice(1) ?? ""),
    user: read.text("DB_USER", "postgres", "best a role of the service's own (docs/database.md)"),
    password: read.secret(
      "DB_PASSWORD",
      { form: PASSWORD, fallback: "postgres" },
      "password of `DB_USER`; a file is read anew for every connection (docs/database.md#changing-a-password)",
    ),
    passwordFile: read.optionalText("DB_PASSWORD_FILE"),
    tls: readDatabaseTls(read, url?.searchParams ?? new URLSearchParams()),
  };
}

/**
 * @param read - reader that collects faults
 * @returns the most connections that a service holds
 */
export function readDatabaseConnections(read: EnvReader): number {
  return read.integer(
    "DB_CONNECTIONS",
    10,
    { min: 2, max: 200 },
    "most connections of one process to the database",
  );
}

const KEEPALIVE_SECONDS = 10;
/**
 * How the server watches a connection, so that it ends those of a host that is lost, and the locks of their transactions
 * with them: after half a minute of silence, or of data that nobody acknowledges (PostgreSQL manual, 20.3.2; since 12).
 */
const SERVER_WATCH = [
  `tcp_keepalives_idle=${KEEPALIVE_SECONDS}`,
  `tcp_keepalives_interval=${KEEPALIVE_SECONDS}`,
  "tcp_keepalives_count=2",
  "tcp_user_timeout=30000",
]
  .map((setting) => `-c ${setting}`)
  .join(" ");

/** @returns connection options for the `pg` library; give the password that holds when a connection is made */
export function connectionOptions(config: DatabaseConfig): pg.ClientConfig {
  return {
    host: config.host,
    port: config.port,
    database: config.database,
    user: config.user,
    password: currentPassword(config),
    ssl: tlsOptions(config.tls, config.host),
    connectionTimeoutMillis: 3_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_SECONDS * 1_000,
    options: SERVER_WATCH,
  };
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
  const pool = new pg.Pool({
    ...connectionOptions(config),
    application_name: options.name,
    max: options.connections,
    // Two bounds: the server ends a slow statement; the client gives up on a server that is silent.
    statement_timeout: 10_000,
    query_timeout: 12_000,
    // A transaction does nothing but ask the database: of one that pauses the host is lost, or stopped.
    idle_in_transaction_session_timeout: 10_000,
    lock_timeout: LOCK_MILLISECONDS,
  });
  pool.on("error", (error) => {
    log.warn({ event: "database.connection-lost", reason: error.message });
  });
  const silence = breaker({
    probe: (milliseconds) => isThere(config, milliseconds),
    cut: cutter(pool),
    log,
    ...(options.patience && { patience: options.patience }),
  });
  const telling = teller((...told) => silence.run(() => runQuery(pool, TELL, told, "tell")), {
    log,
    ...(options.heard && { heard: options.heard }),
  });
  const told = unusableTold(log);
  return {
    query: (sql, values, name) => told(silence.run(() => runQuery(pool, sql, values, name))),
    tell: (channel, payload) => {
      telling.tell(channel, payload);
    },
    transaction: (work) => told(silence.run(() => runTransaction(pool, telling, work))),
    close: async () => {
      await telling.close();
      silence.stop();
      await pool.end();
    },
  };
}

/** @throws when a new connection has not answered by then */
async function isThere(config: DatabaseConfig, milliseconds: number): Promise<void> {
  const client = new pg.Client({
    ...connectionOptions(config),
    application_name: "probe",
    connectionTimeoutMillis: milliseconds,
    query_timeout: milliseconds,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select 1");
  } finally {
    void endClient(client);
  }
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
 * @param target - whatever runs the statement
 * @param sql - the statement
 * @param values - its parameters
 * @param name - see {@link Queryable.query}
 * @returns its rows
 * @throws Fault UNAVAILABLE when the database cannot be used
 */
export async function runQuery<Row extends pg.QueryResultRow>(
  target: pg.Pool | pg.ClientBase,
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

async function runTransaction<T>(
  pool: pg.Pool,
  telling: Telling,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw asFault(error);
  });
  const told: Parameters<Transaction["tell"]>[] = [];
  let broken = false;
  // Without a listener, a connection that is lost between two statements would end the process.
  const noteBroken = () => {
    broken = true;
  };
  client.on("error", noteBroken);
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
  } finally {
    client.off("error", noteBroken);
    client.release(broken);
  }
}
