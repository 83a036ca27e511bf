import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { portPicker } from "#local/ports.js";
import { createPostgres, ensureDatabase, type PostgresLogin } from "#local/postgres.js";
import { temporaryFolder } from "./temporary-folder.js";

/** A Postgres for the tests of one file. */
export interface TestPostgres {
  login: PostgresLogin;
  /** Makes an empty database that no other test sees. */
  createDatabase(): Promise<PostgresLogin>;
  /** Ends the server and forgets its data. */
  stop(): Promise<void>;
}

const ports = portPicker();

/** @returns a Postgres of its own, running */
export async function startTestPostgres(): Promise<TestPostgres> {
  const folder = await temporaryFolder();
  const secrets = join(folder.path, "secrets");
  await mkdir(secrets);
  const { login, service } = await createPostgres(
    {
      folder: join(folder.path, "postgres"),
      secrets,
      logFile: join(folder.path, "postgres.log"),
      port: await ports.next(),
    },
    {
      say: () => undefined,
      started: () => Promise.resolve(),
      stopping: new AbortController().signal,
    },
  );
  await service.start();
  return {
    login,
    createDatabase: async () => {
      const database = { ...login, database: `test_${randomBytes(6).toString("hex")}` };
      await ensureDatabase(database);
      return database;
    },
    stop: async () => {
      await service.stop();
      await folder.remove();
    },
  };
}
