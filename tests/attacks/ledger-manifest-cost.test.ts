import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createLedger, type StartedLedger, type TestLedger } from "#tests/support/ledger.js";
import { startOwnPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { pushDeps, tagKeeper, tagPush } from "#tests/support/tag-pushes.js";
import {
  costOf,
  imageManifest,
  indexManifest,
  pushCost,
} from "#tests/bench/support/manifest-cost.js";

/** What every push costs, however small: its tag, its audit entry and pages that are not full yet. */
const CONSTANT_BYTES = 160 * 1024;
const MOST_TIMES = 3;
/** Postgres logs whole pages after a checkpoint, and halves of those that it splits. */
const MOST_TIMES_LOG = 4;
const PUSHES = 200;
const LONG_NAME = ["team", "x".repeat(120), "y".repeat(120)].join("/");

// What is logged is counted for the whole server: nobody else may write there.
let postgres: TestPostgres;
let created: TestLedger;
let ledger: Pick<StartedLedger, "db">;

beforeAll(async () => {
  postgres = await startOwnPostgres();
  created = await createLedger(postgres);
  ledger = { db: created.open() };
});
afterAll(async () => {
  await created.close();
  await postgres.stop();
});

describe("one manifest", () => {
  test.each([
    ["of 20,000 layers elsewhere", 0, imageManifest(20_000, 32)],
    ["of 20,000 layers", 0, imageManifest(20_000)],
    ["that is an index of 20,000 children", 20_000, indexManifest(20_000)],
    ["whose annotations are all there is", 0, annotated(1_900_000)],
  ])("%s costs the database at most three times its bytes", async (_what, children, content) => {
    const cost = await pushCost(ledger.db, content, `v${content.length}`, LONG_NAME);
    expect(cost.tables).toBeLessThan(MOST_TIMES * cost.sent + CONSTANT_BYTES);
    expect(await childrenKept()).toBe(children);
    expect(cost.wal).toBeLessThan(MOST_TIMES_LOG * cost.sent + CONSTANT_BYTES);
  });
});

test("pushes of nearly nothing under long names cost a few kilobytes each", async () => {
  const deps = pushDeps(ledger.db);
  const pushNumber = async (i: number) => {
    const content = JSON.stringify({ schemaVersion: 2, i });
    const push = tagPush(content, { tag: `${"t".repeat(120)}-${i}`, repository: LONG_NAME });
    await pushTag(deps, push, tagKeeper().transport(push));
  };
  // Each table and index has its first page by then.
  await pushNumber(PUSHES);
  const { tables } = await costOf(ledger.db, async () => {
    for (let i = 0; i < PUSHES; i += 1) await pushNumber(i);
  });
  // With what waits to be added to the totals of lists, and goes then, twice by which rule for tags it was, and the tag's name in the
  // index of a search over tags.
  expect(tables / PUSHES).toBeLessThan(13 * 1024);
});

async function childrenKept(): Promise<number> {
  const { rows } = await ledger.db.query<{ kept: number }>(
    `select coalesce(cardinality(link.children), 0) as kept
     from ledger.manifest left join ledger.manifest_link as link using (repository, digest)
     order by stored_at desc limit 1`,
  );
  return rows[0]?.kept ?? -1;
}

function annotated(bytes: number): string {
  const text = Buffer.from(Array.from({ length: bytes }, (_one, i) => (i * 7919) % 26)).toString(
    "latin1",
  );
  const letters = Array.from(text, (one) => String.fromCharCode(97 + one.charCodeAt(0))).join("");
  const annotations = {
    "org.opencontainers.image.source": letters,
    "org.opencontainers.image.revision": letters.slice(0, 10),
  };
  return JSON.stringify({ schemaVersion: 2, annotations });
}
