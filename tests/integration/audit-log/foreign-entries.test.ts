import { beforeEach, expect, test } from "@jest/globals";
import { asJson, asText } from "#audit-log/commands/show-entries.js";
import { listEntries } from "#audit-log/list-entries.js";
import type { EntryFilter, EntryRow } from "#audit-log/sql/entries.js";
import { CHAIN, useAuditLog, type TestAuditLog } from "./support/audited.js";

const ALL: EntryFilter = {
  ...{ since: new Date(0), until: new Date("9999-12-31"), repository: null, action: null },
  ...{ actor: null, tag: null, digest: null },
};
/** What somebody with the database's password may have written. */
const FOREIGN = [
  "{}",
  "5",
  "null",
  "no JSON",
  '{"uid":"mallory","tag":"needle","digest":"needle"}',
  '{"actor":null,"seen":{"uid":"mallory","tag":"needle","digest":"needle"}}',
  '{"actor":{"uid":"alice"},"tag":null,"digest":null,"seen":{"tag":"needle","digest":"needle"}}',
];

let log: TestAuditLog;
useAuditLog((made) => {
  log = made;
});
beforeEach(async () => {
  await log.append(1);
  await log.db.query(
    `insert into audit.entry (chain, position, at, action, repository, content, previous_hash, hash)
     select chain, 100 + place, at, action, repository, content.text, previous_hash, hash
     from audit.entry, unnest($2::text[]) with ordinality as content (text, place) where chain = $1`,
    [CHAIN, FOREIGN],
  );
  await log.append(1, "beta/app");
});

async function listed(filter: Partial<EntryFilter>): Promise<EntryRow[]> {
  const rows: EntryRow[] = [];
  for await (const row of listEntries(log.db, { ...ALL, ...filter })) rows.push(row);
  return rows;
}

const contents = (rows: readonly EntryRow[]) => rows.map(({ content }) => content);

test.each([{ actor: "mallory" }, { tag: "needle" }, { digest: "needle" }])(
  "entries that the recorder has not written are found by what they name, wherever they do: %j",
  async (filter) => {
    expect(contents(await listed(filter))).toEqual(FOREIGN.slice(4, 6));
  },
);

test("entries that the recorder has not written are told as they stand, on a line each, among all others", async () => {
  const rows = await listed({});
  const texts = rows.map(asText);
  expect(texts).toHaveLength(FOREIGN.length + 2);
  FOREIGN.forEach((content, at) => {
    expect(texts[at + 1]).toMatch(/^\S+Z not written by the recorder \(.+, 10\d\): /);
    expect(texts[at + 1]?.endsWith(content)).toBe(true);
  });
  expect(texts.at(-1)).toContain("beta/app");
  const entries = rows.map((row) => (JSON.parse(asJson(row)) as { entry: unknown }).entry);
  expect(entries.slice(1, 5)).toEqual([{}, 5, { unreadable: "null" }, { unreadable: "no JSON" }]);
});
