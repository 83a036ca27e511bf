import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { ConfigError, envReader } from "#service-kit/config.js";
import { connectionOptions, readDatabaseConfig } from "#service-kit/db/config.js";
import { NO_TLS } from "#service-kit/db/tls.js";

const folder = mkdtempSync(join(tmpdir(), "wharfinger-tls-"));
const AUTHORITY = join(folder, "ca.pem");
const NO_CERTIFICATE = join(folder, "empty.pem");
const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
writeFileSync(AUTHORITY, PEM);
writeFileSync(NO_CERTIFICATE, "\n");
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("TLS to the database", () => {
  test.each([
    ["", undefined, "disable"],
    ["?ssl=false", undefined, "disable"],
    ["?sslmode=disable", undefined, "disable"],
    ["?ssl=false&sslmode=disable", "disable", "disable"],
    ["?ssl=true", undefined, "require"],
    ["?sslmode=require", undefined, "require"],
    ["?ssl=true&sslmode=require", "require", "require"],
    ["", "require", "require"],
    ["?sslmode=verify-ca", undefined, "verify-ca"],
    ["", "verify-ca", "verify-ca"],
    ["?sslmode=verify-full", undefined, "verify-full"],
    ["?ssl=true&sslmode=verify-full", undefined, "verify-full"],
    ["?ssl=true", "verify-full", "verify-full"],
    ["?sslmode=verify-full", "verify-full", "verify-full"],
  ])("with %s in DB_SUBNAME and PGSSLMODE=%s it is %s", (query, PGSSLMODE, mode) => {
    expect(tlsOf(query, { PGSSLMODE })).toEqual({ mode, authorities: null });
  });

  test.each([
    ["?ssl=1", {}],
    ["?ssl=True", {}],
    ["?ssl=TRUE", {}],
    ["?ssl=yes", {}],
    ["?ssl", {}],
    ["?ssl=", {}],
    ["?SSL=true", {}],
    ["?sslMode=require", {}],
    ["?sslmode=Require", {}],
    ["?sslmode=prefer", {}],
    ["?sslmode=allow", {}],
    ["?sslmode=", {}],
    ["?sslmode", {}],
    ["?ssl_mode=require", {}],
    ["?tls=true", {}],
    ["?application_name=x", {}],
    ["?sslfactory=org.postgresql.ssl.NonValidatingFactory", {}],
    ["?sslmode=require&sslmode=disable", {}],
    ["?ssl=true&ssl=false", {}],
    ["?ssl=true&sslmode=disable", {}],
    ["?ssl=false&sslmode=require", {}],
    ["?sslmode=require&ssl=false", {}],
    ["?sslmode=verify-full", { PGSSLMODE: "require" }],
    ["?sslmode=require", { PGSSLMODE: "disable" }],
    ["?ssl=true", { PGSSLMODE: "disable" }],
    ["?ssl=false", { PGSSLMODE: "require" }],
    ["", { PGSSLMODE: "prefer" }],
    ["", { PGSSLMODE: "true" }],
    ["?sslrootcert=", { PGSSLMODE: "verify-full" }],
    [`?sslrootcert=${AUTHORITY}`, {}],
    [`?sslrootcert=${AUTHORITY}`, { PGSSLMODE: "disable" }],
    [`?sslmode=verify-full&sslrootcert=${join(folder, "absent")}`, {}],
    [`?sslmode=verify-full&sslrootcert=${NO_CERTIFICATE}`, {}],
    [`?sslmode=verify-full&sslrootcert=${AUTHORITY}`, { PGSSLROOTCERT: NO_CERTIFICATE }],
  ])("%s with %j is refused rather than guessed at", (query, env) => {
    expect(faultsOf(query, env).join()).toMatch(
      /^(?:DB_SUBNAME|PGSSLMODE|PGSSLROOTCERT): .*\b(?:wanted|more than once|no certificate)\b/,
    );
  });

  test.each([
    ["?sslmode=verify-full", "verify-full"],
    ["?sslmode=verify-ca", "verify-ca"],
    // libpq: whoever names authorities has them asked.
    ["?sslmode=require", "verify-ca"],
    ["?ssl=true", "verify-ca"],
  ])("with authorities of one's own %s is %s", (query, mode) => {
    const wanted = { mode, authorities: PEM };
    expect(tlsOf(`${query}&sslrootcert=${AUTHORITY}`)).toEqual(wanted);
    expect(tlsOf(query, { PGSSLROOTCERT: AUTHORITY })).toEqual(wanted);
  });

  test("the system's authorities are named as libpq does", () => {
    const tls = tlsOf("?sslmode=verify-full&sslrootcert=system");
    expect(tls).toEqual({ mode: "verify-full", authorities: null });
  });

  test("a connection without TLS is made only where none was asked for", () => {
    const config = readDatabaseConfig(envReader({}));
    expect(connectionOptions({ ...config, tls: NO_TLS }).ssl).toBe(false);
    for (const mode of ["require", "verify-ca", "verify-full"] as const)
      expect(connectionOptions({ ...config, tls: { mode, authorities: null } }).ssl).toMatchObject({
        rejectUnauthorized: mode !== "require",
      });
  });
});

function read(query: string, env: NodeJS.ProcessEnv) {
  const reader = envReader({ DB_SUBNAME: `//db/ledger${query}`, ...env });
  const config = readDatabaseConfig(reader);
  reader.throwIfFaulty();
  return config;
}

function tlsOf(query: string, env: NodeJS.ProcessEnv = {}) {
  return read(query, env).tls;
}

function faultsOf(query: string, env: NodeJS.ProcessEnv): readonly string[] {
  try {
    read(query, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}
