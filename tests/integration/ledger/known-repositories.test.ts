import { cp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { migrate } from "#service-kit/db/migrate.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { emptyDatabase, SILENT } from "#tests/support/ledger.js";
import { LEDGER_MIGRATIONS } from "#tests/support/migrations.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

const MIGRATION = "listed_repository.sql";

let postgres: TestPostgres;
let folder: TemporaryFolder;
let db: Database;
let atFirst: string[];

beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await temporaryFolder();
  const config = await emptyDatabase(postgres);
  const files = (await readdir(LEDGER_MIGRATIONS.directory)).sort();
  const before = files.slice(
    0,
    files.findIndex((file) => file.endsWith(MIGRATION)),
  );
  for (const file of before)
    await cp(join(LEDGER_MIGRATIONS.directory, file), join(folder.path, file));
  await migrate(config, { schema: "ledger", directory: folder.path }, SILENT);
  db = openDatabase(config, { name: "test", connections: 1 }, SILENT);
  await insertManifest(db, "alpha/pushed");
  await db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     values ('alpha/adopted', '1.0', 'sha256:x', '', now())`,
  );
  await db.query(
    `insert into ledger.tag (repository, name, reservation, reserved_digest, reserved_by, reserved_until)
     values ('alpha/reserved', '1.0', gen_random_uuid(), 'sha256:x', 'alice', now())`,
  );
  await migrate(config, LEDGER_MIGRATIONS, SILENT);
  atFirst = await known();
});
afterAll(async () => {
  await db.close();
  await postgres.stop();
  await folder.remove();
});

describe("repositories", () => {
  test("that were pushed to or adopted before lists were read here are known", () => {
    expect(atFirst).toEqual(["alpha/adopted", "alpha/pushed"]);
  });

  test("to which a gateway of before pushes, without a right to the table, are known", async () => {
    await db.transaction(async (tx) => {
      const role = `before_${process.pid}`;
      await tx.query(`create role ${role}`);
      await tx.query(`grant usage on schema ledger to ${role}`);
      await tx.query(`grant insert on ledger.manifest to ${role}`);
      await tx.query(`set local role ${role}`);
      await insertManifest(tx, "alpha/later");
      await tx.query("reset role");
      await tx.query(`drop owned by ${role}`);
      await tx.query(`drop role ${role}`);
    });
    expect(await known()).toContain("alpha/later");
  });
});

function insertManifest(queries: Pick<Database, "query">, repository: string): Promise<unknown> {
  return queries.query(
    `insert into ledger.manifest (repository, digest, media_type, content)
     values ($1, 'sha256:x', 'text/plain', 'x')`,
    [repository],
  );
}

async function known(): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    "select name from ledger.repository order by name",
  );
  return rows.map(({ name }) => name);
}
