import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { verifyLog } from "#audit-log/verify/verify-log.js";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { migrator } from "#service-kit/db/migrate.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { migrateSchemas, SCHEMAS } from "#tests/support/database-roles.js";
import { SILENT } from "#tests/support/ledger.js";
import { migratedDatabase } from "#tests/support/migrated-database.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { pushDeps, tagKeeper, tagPush } from "#tests/support/tag-pushes.js";
import { describeSchema } from "./support/describe-schema.js";
import { earlierDatabase, type EarlierDatabase } from "./support/earlier-database.js";

/** What the version before wrote otherwise, or had not got yet. */
const EARLIER = [
  "1-audit-log-first-form",
  "2-audit-log-second-form",
  "3-audit-log-third-form",
  "4-newest-tag-first-form",
  "5-before-queued-at",
  "6-before-login-failures",
  "7-before-manifest-checked",
  "8-before-late-deletions",
  "9-with-checksums",
  "10-before-registries",
];

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

describe.each(EARLIER)("a database as of %s", (name) => {
  let earlier: EarlierDatabase;

  beforeAll(async () => {
    earlier = await earlierDatabase(postgres, name);
    const schema = migrator(earlier.config, SCHEMAS, SILENT);
    await schema.start();
    await schema.stop();
    expect(schema.unmigrated()).toBeNull();
  });

  test("becomes by migrations what a new one is, and stays so", async () => {
    const fresh = await describeSchema(await migratedDatabase(postgres, SCHEMAS));
    expect(await describeSchema(earlier.config)).toEqual(fresh);
    await migrateSchemas(earlier.config);
    expect(await describeSchema(earlier.config)).toEqual(fresh);
  });

  test("keeps its tags and its proof, and takes pushes", async () => {
    const { config, anchors } = earlier;
    await withDatabase(config, async (db) => {
      const [held, other] = [tagPush("other", { tag: "1.0" }), tagPush("other", { tag: "2.0" })];
      const deps = pushDeps(db);
      const keeper = tagKeeper();
      await expect(pushTag(deps, held, keeper.transport(held))).rejects.toMatchObject({
        code: "TAG_HELD",
      });
      await pushTag(deps, other, keeper.transport(other));
      const trust = { anchors, kept: [], progress: () => undefined };
      const { findings, rest, entries } = await verifyLog(db, trust);
      expect([...findings, ...(rest?.ledger.findings ?? [])]).toEqual([]);
      expect(entries).toBeGreaterThanOrEqual(5);
    });
  });
});

async function withDatabase(
  config: DatabaseConfig,
  work: (db: Database) => Promise<void>,
): Promise<void> {
  const db = openDatabase(config, { name: "test", connections: 4 }, SILENT);
  await work(db).finally(() => db.close());
}
