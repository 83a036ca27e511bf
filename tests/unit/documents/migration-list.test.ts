import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import {
  faultsOf,
  formatList,
  MIGRATION_LIST,
  parseList,
  presentMigrations,
  type ListedMigration,
} from "#tests/migrations/migration-list.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

const text = readFileSync(join(REPOSITORY_ROOT, MIGRATION_LIST), "utf8");
const listed = parseList(text);
const present = presentMigrations();

test("every migration is listed as it was when it came, and new ones sort after all that there were", () => {
  expect(faultsOf(listed, present)).toEqual([]);
});

test("the list is written as it is read", () => {
  expect(formatList(listed)).toBe(text);
});

describe("a migration", () => {
  const one = (path: string, sha256 = "a".repeat(64)): ListedMigration => ({ path, sha256 });
  const later = one("gateway/sql/999990_later.sql");

  test("that was edited is refused", () => {
    const [first, ...rest] = present as [ListedMigration, ...ListedMigration[]];
    expect(faultsOf(listed, [{ ...first, sha256: "0".repeat(64) }, ...rest])).toEqual([
      `${first.path} was edited: databases keep what it was, so write a new migration`,
    ]);
  });

  test("that was taken away or renamed is refused", () => {
    const [first, ...rest] = present as [ListedMigration, ...ListedMigration[]];
    expect(faultsOf(listed, rest)).toEqual([
      `${first.path} is gone: databases have it, and never lose it`,
    ]);
  });

  test("that is new has to be listed", () => {
    expect(faultsOf(listed, [...present, later])).toEqual([
      "gateway/sql/999990_later.sql is not listed: npm run migrations:list",
    ]);
    expect(faultsOf([...listed, later], [...present, later])).toEqual([]);
  });

  test.each(["gateway/sql/999989_earlier.sql", "audit-log/sql/999990_same.sql", "token-server/sql/000016_gap.sql"])(
    "whose number is not above all that came before is refused: %s",
    (path) => {
      const late = one(path);
      expect(faultsOf([...listed, later, late], [...present, later, late])).toEqual([
        `${path} came after 999990: give it a number above that`,
      ]);
    },
  ); // prettier-ignore

  test("that fills a gap in the numbers of the past is refused, too", () => {
    const late = one("gateway/sql/000016_gap.sql");
    expect(faultsOf([...listed, late], [...present, late])).toHaveLength(1);
  });
});
