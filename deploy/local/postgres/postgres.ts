import { join } from "node:path";
import pg from "pg";
import { keptSecret } from "../data-folder.js";
import { findPostgresBinaries } from "./postgres-binaries.js";
import { ensureCluster, forgetDeadPostmaster } from "./postgres-cluster.js";
import { choosePostgresUser } from "./postgres-user.js";
import {
  createService,
  type Service,
  type ServiceContext,
  type ServiceSpec,
} from "../processes/service.js";

/** How to log in to a Postgres. */
export interface PostgresLogin {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

/** Where an embedded Postgres keeps things. */
export interface PostgresOptions {
  /** Folder of the cluster. */
  folder: string;
  /** Folder of the password. */
  secrets: string;
  logFile: string;
  port: number;
  /** Server settings beyond the usual ones. */
  settings?: Readonly<Record<string, string>>;
  /** Environment of the server beyond the usual one. */
  env?: Readonly<Record<string, string>>;
}

/** An embedded Postgres: what it is called by, and the service that runs it. */
export interface EmbeddedPostgres {
  login: PostgresLogin;
  service: Service;
}

const HOST = "127.0.0.1";
const NAME = "wharfinger";

/**
 * Prepares the Postgres that comes as an npm package; its database exists once the service started.
 *
 * @param options - where it keeps things
 * @param context - the stack around it
 * @returns login and service
 * @throws LocalStackError when this machine cannot run it
 */
export async function createPostgres(
  options: PostgresOptions,
  context: ServiceContext,
): Promise<EmbeddedPostgres> {
  const secret = await keptSecret(options.secrets, "postgres");
  const login = {
    host: HOST,
    port: options.port,
    user: NAME,
    password: secret.value,
    database: NAME,
  };
  const service = createService(await specOf(options, login), context);
  const start = async () => {
    await service.start();
    await ensureDatabase(login);
  };
  return { login, service: { ...service, start } };
}

/**
 * @param login - a login that may create databases; the database it names is made when it is missing
 */
export async function ensureDatabase(login: PostgresLogin): Promise<void> {
  await withClient({ ...login, database: "postgres" }, async (client) => {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [
      login.database,
    ]);
    if (rowCount === 0)
      await client.query(`create database ${pg.escapeIdentifier(login.database)}`);
  });
}

/**
 * @param login - how to log in
 * @param work - gets a connection that is closed afterwards
 * @returns what `work` returned
 */
export async function withClient<T>(
  login: PostgresLogin,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ ...login, ssl: false, connectionTimeoutMillis: 5_000 });
  // Without a listener, a server that goes away while the connection idles would end this process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function specOf(options: PostgresOptions, login: PostgresLogin): Promise<ServiceSpec> {
  const binaries = findPostgresBinaries();
  const { folder, logFile } = options;
  const user = await choosePostgresUser(binaries.initdb, folder);
  const { user: superuser, password } = login;
  const data = await ensureCluster({ binaries, folder, user, superuser, password });
  const { PATH, TZ = "UTC" } = process.env;
  const env = { PATH, LC_ALL: "C", TZ, ...options.env };
  return {
    name: "postgres",
    command: {
      file: binaries.postgres,
      args: ["-D", data, ...settingsOf(options)],
      env,
      cwd: join(folder, "data"),
      ...(user === null ? {} : { user }),
    },
    logFile,
    ipc: false,
    // SIGINT is Postgres' fast shutdown, SIGQUIT the one that leaves the work to the next start.
    deathSignal: "SIGINT",
    stopSignals: [
      ["SIGINT", 1_800],
      ["SIGQUIT", 300],
    ],
    readyWithinMs: 60_000,
    isReady: () => withClient({ ...login, database: "postgres" }, () => Promise.resolve(true)),
    clearAway: () => forgetDeadPostmaster(data),
  };
}

function settingsOf({ port, settings }: PostgresOptions): string[] {
  const all = {
    listen_addresses: HOST,
    port: String(port),
    unix_socket_directories: "",
    password_encryption: "scram-sha-256",
    max_connections: "200",
    ...settings,
  };
  return Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}
