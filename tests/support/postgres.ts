import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { portPicker } from "#local/processes/ports.js";
import {
  createPostgres,
  ensureDatabase,
  withClient,
  type PostgresLogin,
  type PostgresOptions,
} from "#local/postgres/postgres.js";
import { temporaryFolder } from "./temporary-folder.js";
import { quietly } from "./service-context.js";

/** A Postgres for the tests of one file. */
export interface TestPostgres {
  login: PostgresLogin;
  /** @returns the name of a database that there is not yet; it is forgotten with the others */
  newName(): string;
  /** Makes an empty database that no other test sees. */
  createDatabase(): Promise<PostgresLogin>;
  /** Forgets its databases, and ends a server that runs for it alone. */
  stop(): Promise<void>;
}

/** A Postgres that no other file uses. */
export interface OwnPostgres extends TestPostgres {
  /** Starts it anew as a standby that nobody feeds: it can be read, and promoted. */
  restartAsStandby(): Promise<void>;
}

/** Where the set-up of a whole run tells which server its files share; without it each has its own. */
const SHARED_POSTGRES = "TEST_POSTGRES";

const ports = portPicker();

/** What is not the same for all databases of a server (roles, settings, its end) needs {@link startOwnPostgres}. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const shared = process.env[SHARED_POSTGRES];
  return shared === undefined
    ? startOwnPostgres()
    : partOf(JSON.parse(shared) as PostgresLogin, forgetDatabases);
}

/**
 * @param settings - of the server, beyond the usual ones
 * @param env - its environment, beyond the usual one
 * @returns a Postgres of its own, running
 */
export async function startOwnPostgres(
  settings: NonNullable<PostgresOptions["settings"]> = {},
  env: NonNullable<PostgresOptions["env"]> = {},
): Promise<OwnPostgres> {
  const folder = await temporaryFolder();
  const secrets = join(folder.path, "secrets");
  await mkdir(secrets);
  const options = {
    folder: join(folder.path, "postgres"),
    secrets,
    logFile: join(folder.path, "postgres.log"),
    port: await ports.next(),
    settings,
    env,
  };
  const create = () => createPostgres(options, quietly());
  const created = await create();
  const { login } = created;
  let { service } = created;
  await service.start();
  const part = partOf(login, async () => {
    await service.stop();
    await folder.remove();
  });
  return {
    ...part,
    restartAsStandby: async () => {
      await service.stop();
      await writeFile(join(options.folder, "data", "standby.signal"), "");
      ({ service } = await create());
      await service.start();
    },
  };
}

/**
 * One server for all files of a run, each with databases of its own: to start one takes longer than most tests.
 *
 * @returns ends it
 */
export async function sharePostgres(): Promise<() => Promise<void>> {
  // Whatever is in it is thrown away in the end, so nothing of it has to outlive a crash.
  const postgres = await startOwnPostgres({ fsync: "off", full_page_writes: "off" });
  process.env[SHARED_POSTGRES] = JSON.stringify(postgres.login);
  return () => postgres.stop();
}

function partOf(
  login: PostgresLogin,
  stop: (login: PostgresLogin, names: readonly string[]) => Promise<void>,
): TestPostgres {
  const names: string[] = [];
  const newName = () => {
    const name = `test_${randomBytes(6).toString("hex")}`;
    names.push(name);
    return name;
  };
  return {
    login,
    newName,
    createDatabase: async () => {
      const database = { ...login, database: newName() };
      await ensureDatabase(database);
      return database;
    },
    stop: () => stop(login, names),
  };
}

async function forgetDatabases(login: PostgresLogin, names: readonly string[]): Promise<void> {
  await withClient(login, async (client) => {
    for (const name of names) await client.query(`drop database if exists ${name} with (force)`);
  });
}
