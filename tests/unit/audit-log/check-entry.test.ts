import { expect, test } from "@jest/globals";
import { entryHash, genesisHash } from "#audit-log/chain.js";
import type { EntryRow } from "#audit-log/sql/entries.js";
import { faultOf } from "#audit-log/verify/check-entry.js";

const BEGINNING = genesisHash(3);
const SECOND = { position: 2, previousHash: BEGINNING };
const SAID = { at: "2026-11-20T20:00:00.000001Z", action: "tag.pushed", repository: "alpha/app" };

/** @returns a row that is right, but for what is said */
function row(known: Partial<EntryRow> = {}, content = JSON.stringify(SAID)): EntryRow {
  return {
    ...{ chain: 3, position: 2, previousHash: BEGINNING, content, ...SAID },
    hash: entryHash(BEGINNING, content),
    ...known,
  };
}

const fault = (known: Partial<EntryRow>, content?: string, expected = SECOND) =>
  faultOf(row(known, content), expected);

test("an entry is right that continues the one before it and whose columns say what it says", () => {
  expect(fault({})).toBeNull();
  const ofTheFirstDays = JSON.stringify({ ...SAID, at: "2026-11-20T20:00:00.001Z" });
  expect(fault({ at: "2026-11-20T20:00:00.001000Z" }, ofTheFirstDays)).toBeNull();
  const ofNone = JSON.stringify({ ...SAID, repository: null });
  expect(fault({ repository: null }, ofNone)).toBeNull();
});

test.each<[problem: string, known: Partial<EntryRow>, content: string | undefined]>([
  ["missing; the next one is 3", { position: 3 }, undefined],
  [
    "does not continue entry 1: one of the two was changed",
    { previousHash: genesisHash(4) },
    undefined,
  ],
  ["changed: its hash is not that of its content", { hash: genesisHash(4) }, undefined],
  ["not an entry: its content cannot be understood", {}, "{}"],
  ["not an entry: its content cannot be understood", {}, "what somebody wrote"],
  [
    'column "at" (2026-11-20T20:00:00.000002Z) is not what the content says',
    { at: "2026-11-20T20:00:00.000002Z" },
    undefined,
  ],
  ['column "action" is not what the content says', { action: "tag.deleted" }, undefined],
  ['column "repository" is not what the content says', { repository: "beta/app" }, undefined],
])("an entry is wrong: %s", (problem, known, content) => {
  expect(fault(known, content)).toBe(problem);
});

test("the first entry of a chain continues the beginning", () => {
  const first = { position: 1, previousHash: genesisHash(4) };
  expect(fault({ position: 1 }, undefined, first)).toBe(
    "does not continue the beginning of its chain: one of the two was changed",
  );
});
