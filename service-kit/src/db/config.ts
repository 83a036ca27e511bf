import type pg from "pg";
import type { EnvReader } from "../config.js";
import { PASSWORD } from "../secret-form.js";
import type { Secret } from "../secret.js";
import { currentPassword } from "./password.js";
import { parseSubname, type Subname } from "./subname.js";
import { readDatabaseTls, tlsOptions, type DatabaseTls } from "./tls.js";

/** One server of a cluster. */
export interface DatabaseServer {
  readonly host: string;
  readonly port: number;
}

/** Where Postgres is and how to log in. */
export interface DatabaseConfig extends DatabaseServer {
  /** More servers of the cluster, in the order in which they are tried; the writable one is used. */
  readonly others?: readonly DatabaseServer[];
  readonly database: string;
  readonly user: string;
  readonly password: Secret;
  /** File that the password came from, read anew for each connection; absent or `null`: it never changes. */
  readonly passwordFile?: string | null;
  readonly tls: DatabaseTls;
}

const NOWHERE: Subname = { servers: [], database: "", query: new URLSearchParams() };

/**
 * Reads Pier One's database variables: `DB_SUBNAME` (`//host:5432/db?sslmode=verify-full`,
 * with several servers as JDBC and libpq know them), `DB_USER`,
 * `DB_PASSWORD` (or `DB_PASSWORD_FILE`), `PGSSLMODE` and `PGSSLROOTCERT`.
 *
 * @param read - reader that collects faults
 * @returns the parsed configuration
 */
export function readDatabaseConfig(read: EnvReader): DatabaseConfig {
  const subname = read.text("DB_SUBNAME", "//localhost:5432/wharfinger", {
    meaning:
      "Postgres, or the servers of a cluster, of which the writable one is used, with `?ssl=true` or `?sslmode=`…`&sslrootcert=`FILE (docs/closed-by-default.md#tls-to-the-database)",
    wanted: "`//host:port/database`, or `//host:port,host:port/database`",
  });
  const place = parseSubname(subname);
  if (typeof place === "string") read.fault("DB_SUBNAME", place);
  const { servers, database, query } = typeof place === "string" ? NOWHERE : place;
  const [first = { host: "", port: 0 }, ...others] = servers;
  return {
    ...first,
    ...(others.length > 0 && { others }),
    database,
    user: read.text("DB_USER", "postgres", "best a role of the service's own (docs/database.md)"),
    password: read.secret(
      "DB_PASSWORD",
      { form: PASSWORD, fallback: "postgres" },
      "password of `DB_USER`; a file is read anew for every connection (docs/database.md#changing-a-password)",
    ),
    passwordFile: read.optionalText("DB_PASSWORD_FILE"),
    tls: readDatabaseTls(read, query),
  };
}

/**
 * @param config - where the database is
 * @param user - another role
 * @param password - its password, which stands in no file
 * @returns the same database for that role
 */
export function loginAs(config: DatabaseConfig, user: string, password: Secret): DatabaseConfig {
  return { ...config, user, password, passwordFile: null };
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
    "connections of one process to the database; some more for what it listens to and holds locks by: reckon with 6 (docs/scaling.md)",
  );
}

/** Until a connection is there. */
export const CONNECT_MILLISECONDS = 3_000;

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

/**
 * @param config - where the database is
 * @param server - which of its servers; absent: the first
 * @returns connection options for the `pg` library; give the password that holds when a connection is made
 */
export function connectionOptions(
  config: DatabaseConfig,
  server: DatabaseServer = config,
): pg.ClientConfig {
  return {
    host: server.host,
    port: server.port,
    database: config.database,
    user: config.user,
    password: currentPassword(config),
    ssl: tlsOptions(config.tls, server.host),
    connectionTimeoutMillis: CONNECT_MILLISECONDS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_SECONDS * 1_000,
    options: SERVER_WATCH,
  };
}
