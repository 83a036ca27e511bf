import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { withClient } from "#local/postgres/postgres.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { SILENT } from "#tests/support/silent.js";
import { eventually } from "#tests/support/eventually.js";
import { configOf } from "#tests/support/migrated-database.js";
import { startOwnPostgres, type OwnPostgres } from "#tests/support/postgres.js";

let postgres: OwnPostgres;
let db: Database;
const told: string[] = [];

beforeAll(async () => {
  postgres = await startOwnPostgres();
  const heard = (_channel: string, payload: string) => told.push(payload);
  db = openDatabase(configOf(postgres.login), { name: "test", connections: 2, heard }, SILENT);
  await db.query("create table pushed (tag text)");
  await asOperator("alter system set synchronous_standby_names = 'absent'");
  await asOperator("select pg_reload_conf()");
  await eventually("commits wait for a standby", async () => {
    const rows = await asOperator("show synchronous_standby_names");
    return rows[0]?.["synchronous_standby_names"] === "absent";
  });
});
afterAll(async () => {
  await asOperator("alter system reset synchronous_standby_names");
  await asOperator("select pg_reload_conf()");
  await db.close();
  await postgres.stop();
});

test("a commit whose wait for a standby was cut short is not acknowledged, and told to nobody: no other server has it", async () => {
  const committing = db.transaction(async (tx) => {
    await tx.query("insert into pushed (tag) values ('v1')");
    tx.tell("channel", "v1");
  });
  const outcome = committing.then(
    () => "acknowledged",
    (error: unknown) => error,
  );
  // As the server itself does when a statement takes too long.
  await eventually("the commit waits, and is cancelled", async () => {
    const rows = await asOperator(
      "select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'",
    );
    return rows.length > 0;
  });
  expect(await outcome).toMatchObject({ code: "UNAVAILABLE" });
  expect(told).toEqual([]);
  expect(await asOperator("select tag from pushed")).toEqual([{ tag: "v1" }]);
});

/** A superuser's own commits wait for nobody. */
function asOperator(sql: string): Promise<Record<string, unknown>[]> {
  return withClient(postgres.login, async (client) => {
    await client.query("set synchronous_commit = local");
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  });
}
