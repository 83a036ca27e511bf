import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import { databaseAuthorities } from "../src/authorities.ts";
import { parseSettings, SettingsError } from "../src/settings.ts";
import { EXAMPLE } from "./support.ts";

const refused = (given: object, wanted: RegExp) => {
  assert.throws(
    () => parseSettings({ ...EXAMPLE, ...given }),
    (error) => error instanceof SettingsError && wanted.test(error.message),
  );
};

describe("settings", () => {
  test("of the example are good, and have the defaults", () => {
    const { gateway, database } = parseSettings(EXAMPLE);
    assert.deepEqual(gateway, { min: 2, max: 6, cpu: 512, memoryMiB: 1024 });
    assert.equal(database.multiAz, true);
  });

  test("are refused by name: one that is not known, one that is wrong, a variable of the stack's own", () => {
    refused({ domain: "x" }, /domain/);
    refused({ region: "nowhere" }, /region/);
    refused({ gateway: { min: 3, max: 2, cpu: 256, memoryMiB: 512 } }, /min is above max/);
    refused(
      { environment: { ...EXAMPLE.environment, gateway: { DB_PASSWORD: "x" } } },
      /names a variable that the stack itself sets/,
    );
  });

  test("without any login are refused, as the token server would refuse to start", () => {
    refused({ environment: {} }, /no login/);
  });
});

describe("the authorities of the database", () => {
  test("are those of its region, all of them good", () => {
    const pems = databaseAuthorities("eu-central-1").match(/-----BEGIN[^]*?END CERTIFICATE-----/g);
    assert.ok((pems?.length ?? 0) >= 3);
    for (const pem of pems ?? [])
      assert.match(new X509Certificate(pem).subject, /Amazon RDS eu-central-1 Root CA/);
  });

  test("are not guessed where none is known", () => {
    assert.throws(() => databaseAuthorities("xx-nowhere-1"), /has no authority of RDS/);
  });
});
