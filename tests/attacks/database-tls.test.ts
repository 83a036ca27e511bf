import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ConfigError, envReader } from "#service-kit/config.js";
import { runExclusively } from "#service-kit/db/exclusive.js";
import { migrate } from "#service-kit/db/migrate.js";
import { readDatabaseConfig, type DatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Queryable } from "#service-kit/db/pool.js";
import { subscriber } from "#service-kit/db/subscribe.js";
import { createLogger } from "#service-kit/log.js";
import type { PostgresLogin } from "#local/postgres/postgres.js";
import { eventually } from "#tests/support/eventually.js";
import { SILENT } from "#tests/support/ledger.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { startTlsPostgres, type TlsPostgres } from "#tests/support/tls-postgres.js";
import { launchTokenServer } from "#tests/support/token-server-process.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { AUDIT_LOG_MIGRATIONS } from "#tests/support/migrations.js";

let plain: TestPostgres;
let tls: TlsPostgres;

beforeAll(async () => {
  // One after the other: each takes a port that is free when it looks.
  plain = await startTestPostgres();
  tls = await startTlsPostgres();
});
afterAll(async () => {
  await Promise.all([plain.stop(), tls.stop()]);
});

/** Every way in which a process of ours comes to the database, and whether it did so by TLS. */
const WAYS: Readonly<Record<string, (config: DatabaseConfig) => Promise<boolean>>> = {
  "a pool": async (config) => {
    const db = openDatabase(config, { name: "test", connections: 1 }, SILENT);
    return usesTls(db).finally(() => db.close());
  },
  "a transaction": async (config) => {
    const db = openDatabase(config, { name: "test", connections: 1 }, SILENT);
    return db.transaction(usesTls).finally(() => db.close());
  },
  "work that holds a lock": async (config) => {
    const done = await runExclusively(config, "discovery", SILENT, usesTls);
    if (!done.ran) throw new Error("somebody else works");
    return done.result;
  },
};

describe("a database without TLS", () => {
  test.each([
    ["?ssl=true", {}],
    ["?sslmode=require", {}],
    ["?sslmode=verify-ca", {}],
    ["?sslmode=verify-full", {}],
    ["", { PGSSLMODE: "require" }],
    ["", { PGSSLMODE: "verify-full" }],
  ])("is not spoken to where TLS was asked for: %s %j", async (query, env) => {
    const config = configOf(plain.login, query, env);
    for (const way of Object.values(WAYS)) await expect(way(config)).rejects.toThrow(/unavailable/);
    await expect(migrate(config, AUDIT_LOG_MIGRATIONS, SILENT)).rejects.toThrow(/SSL/);
    expect(await firstLoss(config)).toMatch(/SSL/);
  });

  test.each(["", "?ssl=false", "?sslmode=disable"])(
    "is spoken to where it was not: %s",
    async (query) => {
      for (const way of Object.values(WAYS))
        expect(await way(configOf(plain.login, query))).toBe(false);
    },
  );

  test.each([
    "?ssl=1",
    "?ssl=True",
    "?sslmode=prefer",
    "?SSLMODE=require",
    "?ssl=true&sslmode=disable",
  ])("is no answer to what is not understood: %s", (query) => {
    expect(() => configOf(plain.login, query)).toThrow(ConfigError);
  });

  test("gets not even the token server's password where TLS was asked for", async () => {
    const folder = await temporaryFolder();
    const { host, port, database, user, password } = await plain.createDatabase();
    const server = launchTokenServer({
      DB_SUBNAME: `//${host}:${port}/${database}?sslmode=require`,
      DB_USER: user,
      DB_PASSWORD: password,
      KEYS_DIR: folder.path,
      HTTP_ALLOW_PUBLIC_READ: "true",
    });
    await eventually("it has tried", () => server.output().includes("does not support SSL"));
    await server.stop();
    expect(server.output()).not.toContain("database.migrated");
    await folder.remove();
  });
});

describe("a database with TLS", () => {
  const localhost = () => ({ ...tls.login, host: "localhost" });

  test.each(["?ssl=true", "?sslmode=require", "?ssl=true&sslmode=require"])(
    "is spoken to by TLS, whoever it is: %s",
    async (query) => {
      for (const way of Object.values(WAYS))
        expect(await way(configOf(tls.login, query))).toBe(true);
    },
  );

  test("that proves itself is spoken to, by every way", async () => {
    for (const mode of ["verify-ca", "verify-full"]) {
      const config = configOf(localhost(), `?sslmode=${mode}&sslrootcert=${tls.authorityFile}`);
      for (const way of Object.values(WAYS)) expect(await way(config)).toBe(true);
      await migrate(config, AUDIT_LOG_MIGRATIONS, SILENT);
      expect(await firstLoss(config)).toBeNull();
    }
  });

  test.each(["verify-ca", "verify-full"])(
    "of an authority that nobody trusts is not: %s",
    async (mode) => {
      for (const roots of ["", `&sslrootcert=${tls.strangerFile}`]) {
        const config = configOf(localhost(), `?sslmode=${mode}${roots}`);
        for (const way of Object.values(WAYS))
          await expect(way(config)).rejects.toThrow(/unavailable/);
        await expect(migrate(config, AUDIT_LOG_MIGRATIONS, SILENT)).rejects.toThrow(
          /certificate|issuer/,
        );
      }
    },
  );

  test("of a trusted authority but another host is spoken to by verify-ca and not by verify-full", async () => {
    // The certificate is for localhost, and the address is what was asked for.
    const roots = `sslrootcert=${tls.authorityFile}`;
    const full = configOf(tls.login, `?sslmode=verify-full&${roots}`);
    for (const way of Object.values(WAYS)) await expect(way(full)).rejects.toThrow(/unavailable/);
    await expect(migrate(full, AUDIT_LOG_MIGRATIONS, SILENT)).rejects.toThrow(/IP|altnames/);
    expect(await firstLoss(full)).not.toBeNull();
    const byAuthority = configOf(tls.login, `?sslmode=verify-ca&${roots}`);
    for (const way of Object.values(WAYS)) expect(await way(byAuthority)).toBe(true);
    await migrate(byAuthority, AUDIT_LOG_MIGRATIONS, SILENT);
    expect(await firstLoss(byAuthority)).toBeNull();
  });

  test("that is not trusted is a short line in the token server's log, and holds nothing of its certificate", async () => {
    const folder = await temporaryFolder();
    const { host, port, database, user, password } = tls.login;
    const server = launchTokenServer({
      DB_SUBNAME: `//${host}:${port}/${database}?sslmode=verify-full&sslrootcert=${tls.authorityFile}`,
      DB_USER: user,
      DB_PASSWORD: password,
      KEYS_DIR: folder.path,
      HTTP_ALLOW_PUBLIC_READ: "true",
    });
    const failed = () => server.output().includes("database.migration-failed");
    await eventually("it was told", failed, 20_000);
    await server.stop();
    expect(server.output()).toContain("does not match certificate's altnames");
    expect(server.output()).not.toMatch(/pubkey|fingerprint|issuerCertificate|"raw"/);
    for (const line of server.output().split("\n")) expect(line.length).toBeLessThan(3_000);
    await folder.remove();
  });

  test("has its authority asked wherever one is named, as libpq does", async () => {
    const { strangerFile } = tls;
    const config = configOf(tls.login, `?sslmode=require&sslrootcert=${strangerFile}`);
    for (const way of Object.values(WAYS)) await expect(way(config)).rejects.toThrow(/unavailable/);
  });
});

function configOf(
  login: PostgresLogin,
  query: string,
  env: NodeJS.ProcessEnv = {},
): DatabaseConfig {
  const { host, port, database, user, password } = login;
  const read = envReader({
    DB_SUBNAME: `//${host}:${port}/${database}${query}`,
    DB_USER: user,
    DB_PASSWORD: password,
    ...env,
  });
  const config = readDatabaseConfig(read);
  read.throwIfFaulty();
  return config;
}

async function usesTls(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ ssl: boolean }>(
    "select ssl from pg_stat_ssl where pid = pg_backend_pid()",
  );
  return rows[0]?.ssl === true;
}

/** Why a subscription could not be made; `null` when it could. */
async function firstLoss(config: DatabaseConfig): Promise<string | null> {
  let reason: string | null = null;
  const log = createLogger("test", "silent");
  log.warn = (fields: { reason?: string }) => (reason ??= fields.reason ?? "");
  const heard = subscriber(config, log);
  heard.on("test", () => undefined);
  await heard.start();
  const first = reason;
  await heard.stop();
  return first;
}
