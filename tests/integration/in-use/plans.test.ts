import { expect, test } from "@jest/globals";
import { readRecentUsages, readUsages } from "#gateway/in-use/sql/usage.js";
import { parseDigest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { useLedger } from "#tests/support/use-ledger.js";

const repository = parseRepositoryName("alpha/app");
const digest = parseDigest(`sha256:${"a".repeat(64)}`);
const after = { at: "2026-01-01T00:00:00.000000Z", key: "k" };
const page = { limit: 10, after: null };

let ledger: StartedLedger;
useLedger((started) => {
  ledger = started;
});

test.each<[string, (db: Queryable) => Promise<unknown>]>([
  ["a repository", (db) => readUsages(db, { ...page, repository, tag: null, digest: null, after })],
  ["a tag", (db) => readUsages(db, { ...page, repository, tag: "1.0", digest: null })],
  ["a digest", (db) => readUsages(db, { ...page, repository, tag: null, digest })],
  ["a digest, anywhere", (db) => readUsages(db, { ...page, repository: null, tag: null, digest })],
  [
    "what is to be deleted",
    (db) => {
      const except = { uid: "alice", realm: "/employees" };
      return readRecentUsages(db, { repository, digest, days: 7, except, limit: 6 });
    },
  ],
])("no record is read as a whole for the users of %s", async (_what, ask) => {
  const plans = await ledger.db.transaction(async (tx) => {
    await tx.query("set local enable_seqscan = off");
    const found: string[] = [];
    const explaining = {
      ...tx,
      query: async (sql: string, values: readonly unknown[] = []) => {
        const { rows } = await tx.query<{ "QUERY PLAN": string }>(`explain ${sql}`, values);
        found.push(rows.map((row) => row["QUERY PLAN"]).join("\n"));
        return { rows: [], rowCount: 0, command: "EXPLAIN" };
      },
    };
    await ask(explaining);
    return found;
  });
  expect(plans).toHaveLength(1);
  expect(plans[0]).not.toMatch(/Seq Scan on (?:pull|in_use|manifest_facts|manifest_link|tag)\b/);
});
