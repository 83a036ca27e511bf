import pg from "pg";
import { ConfigError, envReader } from "../config.js";
import { connectionOptions, readDatabaseConfig, type DatabaseConfig } from "./config.js";

/** A database of somebody else's, which is only read. */
export interface ForeignDatabase {
  /** @returns rows. @throws whatever Postgres says */
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

const STATEMENT_MILLISECONDS = 120_000;
/** The session refuses to write; whatever else our own databases are asked for, an old server may not know. */
const READ_ONLY = "-c default_transaction_read_only=on";

/**
 * @param dsn - `postgres://user:password@host:port/database?sslmode=…`
 * @param password - where the address has none; `undefined`: none at all
 * @returns where that is
 * @throws ConfigError that says what is wrong with it; the password is not in it
 */
export function parseDsn(dsn: string, password: string | undefined): DatabaseConfig {
  const url = /^postgres(?:ql)?:/.test(dsn) && URL.canParse(dsn) ? new URL(dsn) : null;
  if (url === null)
    throw new ConfigError(["given no address, wanted postgres://user@host:port/database"]);
  const { host, pathname, search } = url;
  const user = decodeURIComponent(url.username);
  const own = decodeURIComponent(url.password);
  const read = envReader({
    DB_SUBNAME: `//${host}${pathname}${search}`,
    DB_USER: user,
    DB_PASSWORD: own === "" ? password : own,
  });
  const config = readDatabaseConfig(read);
  read.throwIfFaulty();
  return config;
}

/**
 * @param config - where it is
 * @param name - shown in its `pg_stat_activity`
 * @returns a few connections to it, none yet
 */
export function openForeignDatabase(config: DatabaseConfig, name: string): ForeignDatabase {
  const pool = new pg.Pool({
    ...connectionOptions(config),
    options: READ_ONLY,
    application_name: name,
    max: 2,
    statement_timeout: STATEMENT_MILLISECONDS,
  });
  // Without a listener, an idle connection that is lost would end the process; whoever asks next gets another.
  pool.on("error", () => undefined);
  // Nor does one that is lost while it is being closed.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return {
    query: async <Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
      (await pool.query<Row>(sql, [...values])).rows,
    close: () => pool.end(),
  };
}
