import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { UnpackedPackage } from "#local/programs/debian-package.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { migrate, migrator } from "#service-kit/db/migrate.js";
import { findDebianPackage } from "#tests/support/debian-package.js";
import { emptyDatabase, SILENT } from "#tests/support/ledger.js";
import { LEDGER_MIGRATIONS } from "#tests/support/migrations.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { startPgBouncer, type PgBouncerOptions } from "./support/pgbouncer.js";

/** What a login of ours sets. */
const OURS =
  "extra_float_digits,options,statement_timeout,lock_timeout,idle_in_transaction_session_timeout";
const found = await findDebianPackage("pgbouncer");

(typeof found === "string" ? describe.skip : describe)("behind PgBouncer", () => {
  let postgres: TestPostgres;
  let folder: TemporaryFolder;
  beforeAll(async () => {
    postgres = await startTestPostgres();
    folder = await temporaryFolder();
  });
  afterAll(async () => {
    await postgres.stop();
    await folder.remove();
  });

  const behind = async (
    options: PgBouncerOptions,
    check: (config: DatabaseConfig) => Promise<void>,
  ) => {
    const config = await emptyDatabase(postgres);
    const bouncer = await startPgBouncer(found as UnpackedPackage, folder.path, config, options);
    try {
      await check(bouncer.config);
    } finally {
      await bouncer.stop();
    }
  };

  const started = async (config: DatabaseConfig) => {
    const migrating = migrator(config, [LEDGER_MIGRATIONS], SILENT);
    await migrating.start().finally(() => migrating.stop());
  };

  test("in transaction mode a service does not start, and says why", () =>
    behind({ mode: "transaction", ignoring: OURS }, async (config) => {
      await expect(started(config)).rejects.toThrow(
        /PgBouncer in transaction .* LISTEN and session locks/,
      );
      await expect(migrate(config, LEDGER_MIGRATIONS, SILENT)).rejects.toThrow("PgBouncer");
    }));

  test("that refuses what a login sets a service does not start, and says what to do", () =>
    behind({ mode: "session", ignoring: "extra_float_digits" }, async (config) => {
      await expect(started(config)).rejects.toThrow(`ignore_startup_parameters = ${OURS}`);
    }));

  test("in session mode it goes on", () =>
    behind({ mode: "session", ignoring: OURS }, async (config) => {
      await expect(migrate(config, LEDGER_MIGRATIONS, SILENT)).resolves.toBeUndefined();
    }));
});
