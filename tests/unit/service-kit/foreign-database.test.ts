import { expect, test } from "@jest/globals";
import { parseDsn } from "#service-kit/db/foreign-database.js";

test("the address of a database says where it is, who logs in, and how it is encrypted", () => {
  const config = parseDsn("postgresql://ol%40ga:p%2Fw@db.example.org:6543/pierone?ssl=true", "no");
  expect(config).toMatchObject({
    ...{ host: "db.example.org", port: 6543, database: "pierone", user: "ol@ga" },
    tls: { mode: "require" },
  });
  expect(config.password.reveal()).toBe("p/w");
  const without = parseDsn("postgres://olga@[::1]/pierone", "from elsewhere");
  expect(without).toMatchObject({ host: "::1", port: 5432, tls: { mode: "disable" } });
  expect(without.password.reveal()).toBe("from elsewhere");
});

test.each([
  "",
  "pierone",
  "//host/pierone",
  "mysql://host/pierone",
  "postgres://u:secret@host",
  "postgres://u:secret@host/d?sslmode=prefer",
  "postgres://u:secret@host/d?host=other",
])("%j is no address of one, and no password is told", (dsn) => {
  expect(() => parseDsn(dsn, undefined)).toThrow(/wanted|given|host/);
  expect(() => parseDsn(dsn, undefined)).not.toThrow(/secret/);
});
