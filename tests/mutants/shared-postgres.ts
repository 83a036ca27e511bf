import { SHARED_POSTGRES, startOwnPostgres } from "#tests/support/postgres.js";

/**
 * @param work - runs tests that share one Postgres, each file with databases of its own
 * @returns what `work` returned
 */
export async function withSharedPostgres<T>(work: () => Promise<T>): Promise<T> {
  const postgres = await startOwnPostgres({ fsync: "off", full_page_writes: "off" });
  process.env[SHARED_POSTGRES] = JSON.stringify(postgres.login);
  try {
    return await work();
  } finally {
    await postgres.stop();
  }
}
