import { describe, expect, test } from "@jest/globals";
import { ConfigError, envReader } from "#service-kit/config.js";
import { readDatabaseConfig, type DatabaseConfig } from "#service-kit/db/config.js";

describe("the database's variables", () => {
  test("without any, the database is the local one", () => {
    expect(read({})).toMatchObject({
      host: "localhost",
      port: 5432,
      database: "wharfinger",
      user: "postgres",
      tls: { mode: "disable" },
    });
  });

  test.each([
    ["//db:5433/ledger", "db", 5433, "ledger"],
    ["//db/ledger", "db", 5432, "ledger"],
    ["//db.example:5432/ledger?ssl=true", "db.example", 5432, "ledger"],
    ["//[::1]:5432/ledger", "::1", 5432, "ledger"],
    ["//127.0.0.1:5432/my%20ledger", "127.0.0.1", 5432, "my ledger"],
  ])("%s means %s, port %i, database %s", (subname, host, port, database) => {
    expect(read({ DB_SUBNAME: subname })).toMatchObject({ host, port, database });
  });

  test.each([
    "db:5432/ledger",
    "//db:5432",
    "//db:5432/",
    "///ledger",
    "nonsense",
    "//db:x/ledger",
    "//db,/ledger",
    "//,db/ledger",
    "//db/%zz",
    "//db/ledger/",
    "//db/a/b",
  ])("%s is refused with its name and what is wanted", (subname) => {
    expect(faultsOf({ DB_SUBNAME: subname })).toEqual([
      `DB_SUBNAME: given ${JSON.stringify(subname)}, wanted //host:port/database`,
    ]);
  });

  test("several servers of a cluster are tried in their order, ports left out are Postgres' own", () => {
    expect(read({ DB_SUBNAME: "//a:5433,b,[::1]:5434/ledger?sslmode=require" })).toMatchObject({
      ...{ host: "a", port: 5433, database: "ledger", tls: { mode: "require" } },
      others: [
        { host: "b", port: 5432 },
        { host: "::1", port: 5434 },
      ],
    });
    expect(read({ DB_SUBNAME: "//a/ledger" })).not.toHaveProperty("others");
  });

  test("what stands behind a # would be ignored, so it is refused", () => {
    expect(faultsOf({ DB_SUBNAME: "//db/ledger#?sslmode=require" })).toHaveLength(1);
  });

  test("the password is not printed with the configuration", () => {
    expect(JSON.stringify(read({ DB_PASSWORD: "hunter2" }))).not.toContain("hunter2");
  });
});

function read(env: NodeJS.ProcessEnv): DatabaseConfig {
  const reader = envReader(env);
  const config = readDatabaseConfig(reader);
  reader.throwIfFaulty();
  return config;
}

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    read(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}
