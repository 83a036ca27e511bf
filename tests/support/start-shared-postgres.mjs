import { SHARED_POSTGRES, startOwnPostgres } from "../../dist/tests/support/postgres.js";

/** One server for all files of a run, each with databases of its own: to start one takes longer than most tests. */
export default async function startSharedPostgres() {
  // Whatever is in it is thrown away in the end, so nothing of it has to outlive a crash.
  const postgres = await startOwnPostgres({ fsync: "off", full_page_writes: "off" });
  process.env[SHARED_POSTGRES] = JSON.stringify(postgres.login);
  globalThis.stopSharedPostgres = postgres.stop;
}
