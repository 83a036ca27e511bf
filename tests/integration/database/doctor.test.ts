import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { checkPostgres } from "#gateway/commands/doctor/postgres.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { migrate } from "#service-kit/db/migrate.js";
import { NO_TLS } from "#service-kit/db/tls.js";
import { Secret } from "#service-kit/secret.js";
import { SILENT } from "#tests/support/ledger.js";
import { AUDIT_LOG_MIGRATIONS, LEDGER_MIGRATIONS } from "#tests/support/migrations.js";
import { startOwnPostgres, type OwnPostgres } from "#tests/support/postgres.js";
import { startTlsPostgres, type TlsPostgres } from "#tests/support/tls-postgres.js";

const schemas = [LEDGER_MIGRATIONS, AUDIT_LOG_MIGRATIONS];
let encrypted: TlsPostgres;
let small: OwnPostgres;

beforeAll(async () => {
  encrypted = await startTlsPostgres();
  small = await startOwnPostgres({ max_connections: "20" });
});
afterAll(async () => {
  await encrypted.stop();
  await small.stop();
});

const configOf = (
  login: { readonly port: number; readonly user: string; readonly password: string },
  more: Partial<DatabaseConfig> = {},
): DatabaseConfig => ({
  ...{ host: "localhost", port: login.port, database: "postgres", user: login.user },
  ...{ password: new Secret(login.password), tls: NO_TLS, ...more },
});

async function found(database: DatabaseConfig, connections = 10): Promise<readonly string[]> {
  const config = { database, databaseConnections: connections, processes: 1, schemas };
  const findings = await checkPostgres(config);
  return findings.map(({ state, check, found: what }) => `${state} ${check}: ${what}`);
}

describe("the doctor, inside, says of TLS to the database", () => {
  const authorities = () => readFileSync(encrypted.authorityFile, "utf8");

  test.each<[string, () => Partial<DatabaseConfig>, RegExp]>([
    [
      "that it is as it should be",
      () => ({ tls: { mode: "verify-full", authorities: authorities() } }),
      /^good Postgres TLS: TLSv1\.\d, and the server is who it says$/,
    ],
    [
      "that anybody could be the server",
      () => ({ tls: { mode: "require", authorities: null } }),
      /^look Postgres TLS: TLSv1\.\d, by sslmode=require/,
    ],
    ["that there is none, and needs to be none", () => ({}), /^good Postgres TLS: none, on this/],
    [
      "that there is none to another machine",
      () => ({ host: "0.0.0.0" }),
      /^bad Postgres TLS: none to 0\.0\.0\.0/,
    ],
    [
      "that the authority is another one",
      () => ({
        tls: { mode: "verify-full", authorities: readFileSync(encrypted.strangerFile, "utf8") },
      }),
      /^bad Postgres: .*certificate/,
    ],
  ])("%s", async (_name, config, wanted) => {
    const said = await found(configOf(encrypted.login, config()));
    expect(said).toContainEqual(expect.stringMatching(wanted));
  });
});

describe("the doctor, inside, says of the database", () => {
  test("that it has no room for a gateway", async () => {
    expect(await found(configOf(small.login), 14)).toContainEqual(
      expect.stringMatching(/^bad Postgres connections: \d+ of 20; this gateway takes up to 20$/),
    );
  });

  test("which migrations it lacks, and that it can only be read", async () => {
    const config = configOf(small.login);
    for (const set of schemas) await migrate(config, set, SILENT);
    expect(await found(config)).toContain(
      "good schema ledger: migrated, and the role has its rights",
    );
    await small.restartAsStandby();
    expect(await found(config)).toContain("bad Postgres: it is read-only");
  });
});
