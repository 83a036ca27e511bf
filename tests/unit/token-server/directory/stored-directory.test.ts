import { expect, test } from "@jest/globals";
import { storedDirectory } from "#token-server/directory/stored-directory.js";
import { SILENT } from "#tests/support/ledger.js";

test("a directory that has not been read yet is none", () => {
  const db = { query: () => Promise.reject(new Error("Postgres is away")) };
  expect(storedDirectory(db, SILENT).current()).toBeNull();
});
