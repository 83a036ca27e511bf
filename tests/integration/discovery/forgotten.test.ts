import { beforeEach, expect, test } from "@jest/globals";
import { verifyLedger } from "#audit-log/verify/verify-ledger.js";
import { adopt } from "#gateway/ledger/adopt.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { digestOf } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import type { Discover } from "./support/discoverer.js";
import type { ListedRegistry } from "./support/listed-registry.js";
import { useDiscoverer } from "./support/use-discoverer.js";

let ledger: StartedLedger;
let db: Database;
let registry: ListedRegistry;
let discover: Discover;
let repository: RepositoryName;

useDiscoverer((parts) => {
  ({ ledger, db, registry, discover, repository } = parts);
});
beforeEach(async () => {
  for (const tag of ["1.0", "2.0"]) registry.write(repository, tag, tag);
  expect(await discover()).toMatchObject({ adopted: 2, errors: 0 });
  registry.tags.delete(`${repository}:2.0`);
});

async function passes(): Promise<unknown> {
  for (let i = 0; i < 2; i += 1) await discover();
  return discover();
}

async function names(): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>("select name from ledger.tag order by name");
  return rows.map(({ name }) => name);
}

test("what was found once, never read and has gone is free again, on record", async () => {
  // What is on record of tests before is in no ledger now.
  const { wrong: before } = await verifyLedger(db, () => undefined);
  expect(await passes()).toMatchObject({ absent: 1, missing: 0, absentLeft: 0 });
  expect(await names()).toEqual(["1.0"]);
  const entries = (await ledger.audited()).filter(
    (entry) => entry.action === "tag.deleted" && entry.repository === repository,
  );
  expect(entries).toMatchObject([{ tag: "2.0", detail: { change: "forgotten", sightings: 3 } }]);
  // Somebody else's may stand there next, and the record is whole.
  const key = { repository, tag: parseTag("2.0") };
  const deps = { db, log: SILENT, audit: recordAudit };
  expect(await adopt(deps, key, digestOf(Buffer.from("other")), "again")).toBe(true);
  const { wrong, findings } = await verifyLedger(db, () => undefined);
  expect(findings.filter((finding) => finding.repository === repository)).toEqual([]);
  expect(wrong).toBe(before);
});

test.each([
  ["pushed", "update ledger.tag set origin = 'pushed' where name = '2.0'"],
  [
    "pushed with what it meant already",
    "update ledger.tag set pushed_by = 'al' where name = '2.0'",
  ],
  ["locked", "update ledger.tag set locked_at = now(), locked_by = 'carol' where name = '2.0'"],
  [
    "read by its name",
    "insert into ledger.pull_total select repository, name, 1, now() from ledger.tag where name = '2.0'",
  ],
  [
    "read by its digest",
    `insert into ledger.pull select repository, '', digest, 'x', 'x', '', '', '', '', 1, now(), now()
     from ledger.tag where name = '2.0'`,
  ],
])("what was %s stays and is missing", async (_what, statement) => {
  await db.query(statement);
  expect(await passes()).toMatchObject({ absent: 1, missing: 1 });
  expect(await names()).toEqual(["1.0", "2.0"]);
});
