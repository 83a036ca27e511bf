import { join } from "node:path";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { openStore } from "#gateway/wiring/store.js";
import type { UnpackedPackage } from "#local/programs/debian-package.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { runExclusively } from "#service-kit/db/exclusive.js";
import { migrate, migrator } from "#service-kit/db/migrate.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { subscriber } from "#service-kit/db/subscribe.js";
import { findDebianPackage } from "#tests/support/debian-package.js";
import { eventually } from "#tests/support/eventually.js";
import { emptyDatabase, SILENT } from "#tests/support/ledger.js";
import { LEDGER_MIGRATIONS } from "#tests/support/migrations.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { startTokenServerProcess } from "#tests/support/token-server-process.js";
import { startRelay } from "#tests/support/tcp-relay.js";
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

  test("in transaction mode the process ends with 78, and says what is wrong in one line", () =>
    behind({ mode: "transaction", ignoring: OURS }, async ({ host, port, database, ...login }) => {
      const started = await startTokenServerProcess({
        DB_SUBNAME: `//${host}:${port}/${database}`,
        DB_USER: login.user,
        DB_PASSWORD: login.password.reveal(),
        KEYS_DIR: join(folder.path, "keys"),
        HTTP_ALLOW_PUBLIC_READ: "true",
      });
      expect(started).toMatchObject({ started: false, code: 78 });
      expect(started.started ? "" : started.output).toMatch(
        /^ {2}DB_SUBNAME: leads to a pooler .*PgBouncer/m,
      );
    }));

  test("in transaction mode no lock of a command's session is believed in, and why is said", () =>
    behind({ mode: "transaction", ignoring: OURS }, async (config) => {
      const exclusive = runExclusively(config, "discovery", SILENT, () => Promise.resolve(1));
      await expect(exclusive).rejects.toThrow(/PgBouncer in transaction .* session locks/);
    }));

  test("in session mode the lock of a command's session keeps others out", () =>
    behind({ mode: "session", ignoring: OURS }, async (config) => {
      const other = () => runExclusively(config, "discovery", SILENT, () => Promise.resolve(2));
      const outcome = await runExclusively(config, "discovery", SILENT, other);
      expect(outcome).toEqual({ ran: true, result: { ran: false } });
    }));

  test("that is found only after the start, it is named by what /ready says, and so is its end", async () => {
    const config = await emptyDatabase(postgres);
    const options = { mode: "transaction", ignoring: OURS } as const;
    const bouncer = await startPgBouncer(found as UnpackedPackage, folder.path, config, options);
    let target = bouncer.config.port;
    const relay = await startRelay(() => target);
    await relay.cut();
    const later = { ...config, port: relay.port };
    const schema = migrator(later, [LEDGER_MIGRATIONS], SILENT);
    const heard = subscriber(later, SILENT);
    const store = openStore(
      { database: later, databaseConnections: 2 },
      { log: SILENT, registry: new Registry() },
    );
    for (const part of [...store.parts, schema, heard]) await part.start();
    expect(heard.hindrance()).toBeNull();
    await relay.mend();
    const isNamed = (why: string | null) => why?.includes("PgBouncer in transaction") === true;
    await eventually("all name it", () =>
      [schema.unmigrated(), heard.hindrance(), store.hindrance()].every(isNamed),
    );
    target = config.port;
    await relay.cut();
    await relay.mend();
    await eventually("all is well", () =>
      [schema.unmigrated(), heard.hindrance()].every((why) => why === null),
    );
    for (const part of [heard, schema, ...[...store.parts].reverse()]) await part.stop();
    await Promise.all([relay.cut(), bouncer.stop()]);
  }, 60_000);

  test("that refuses what a login sets is named as the cause of what a pool cannot do", () =>
    behind({ mode: "session", ignoring: "extra_float_digits" }, async (config) => {
      const db = openDatabase(config, { name: "test", connections: 1 }, SILENT);
      await expect(db.query("select 1")).rejects.toMatchObject({
        code: "UNAVAILABLE",
        cause: { why: expect.stringContaining("refuses what a login sets") },
      });
      await db.close();
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
