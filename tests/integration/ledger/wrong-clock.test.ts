import { expect, describe, test } from "@jest/globals";
import { isPassDue, notePass } from "#gateway/discovery/sql/cursor.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { readLatest } from "#gateway/ledger/sql/latest-tag.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import { readDeletedSince } from "#gateway/ledger/sql/withheld-tags.js";
import { readMode, writeMode } from "#gateway/mode/sql.js";
import { recordPulls } from "#gateway/pulls/sql/record-pulls.js";
import { writtenTimes } from "#gateway/wiring/written-times.js";
import { correctFutureTimes } from "#service-kit/db/future-times.js";
import type { Database } from "#service-kit/db/pool.js";
import { readableLog } from "#tests/integration/logins/support/log.js";
import { pushDeps, tagKeeper, tagPush } from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

const TIMES = writtenTimes(BOUNDS);
const HOURS = 10;

let db: Database;
useLedger((started) => {
  ({ db } = started);
});

const correct = (log = readableLog().log) => correctFutureTimes(TIMES, { db, log });
const push = async (tag: string, content = tag) => {
  const made = tagPush(content, { tag });
  await pushTag(pushDeps(db), made, tagKeeper().transport(made));
  return made;
};

/** A row for each line of the table, all of whose times are right, as if written by the clock of now. */
const ROWS = [
  `insert into ledger.tag (repository, name, reservation, reserved_digest, reserved_by, reserved_at, reserved_until)
   values ('a/b', '1', gen_random_uuid(), 'd', 'alice', clock_timestamp(), clock_timestamp() + interval '60 seconds')`,
  `insert into ledger.manifest_push (id, repository, digest, actor, unsettled_at)
   values (gen_random_uuid(), 'a/b', 'd', '{}', clock_timestamp() + interval '60 seconds')`,
  `insert into ledger.unanswered_write (repository, tag, digest, actor, was_free, late_until, look_at)
   values ('a/b', '1', 'd', '{}', true, clock_timestamp() + interval '420 seconds', clock_timestamp() + interval '5 seconds')`,
  `insert into ledger.manifest (repository, digest, media_type, content, deleting_at, late_since)
   values ('a/b', 'd', 'text/plain', '', clock_timestamp(), clock_timestamp())`,
  `insert into ledger.past_manifest (repository, digest) values ('a/b', 'd')`,
  `insert into ledger.acme_certificate (directory, names, next_attempt_at)
   values ('d', 'n', clock_timestamp() + interval '300 seconds')`,
  `insert into ledger.page_session (hash, sealed_login, kind, realm, uid, renewing_until)
   values ('', '', 'oauth', 'r', 'alice', clock_timestamp() + interval '15 seconds')`,
  `insert into ledger.upload_session (session, repository, kind, realm, subject)
   values ('s', 'a/b', 'oauth', 'r', 'alice')`,
  `insert into ledger.refusal (key, actor, entry, repeats) values ('k', 'a', '{}', 0)`,
  `insert into ledger.discovery (ended_at, tags_round_at, manifests_round_at)
   values (clock_timestamp(), clock_timestamp(), clock_timestamp())`,
  `insert into ledger.gateway (name, writes, seen_at) values ('one', 0, clock_timestamp())`,
  `insert into ledger.mode (mode, reason, changed_by, changed_at, drain_until)
   select 'read-only', 'because', 'alice', at, at + interval '60 seconds' from clock_timestamp() at`,
  `insert into ledger.outbox (sink, repository, last_position, due_at) values ('kept', 'a/b', 1, clock_timestamp())`,
  `insert into ledger.outbox (sink, repository, last_position, due_at, claim)
   values ('kept', 'a/c', 1, clock_timestamp(), gen_random_uuid())`,
  `with event as (
     insert into ledger.event (id, action, repository, content) values (gen_random_uuid(), 'push', 'a/b', '{}') returning id
   ), delivery as (
     insert into ledger.delivery (sink, repository, position, event) select 'kept', 'a/b', position, id
     from event, generate_series(1, 2) as position
     returning sink, repository, position
   )
   insert into ledger.delivery_aside (sink, repository, position, due_at, attempts, refusals, claim)
   select sink, repository, position, clock_timestamp(), 1, 0, case position when 1 then gen_random_uuid() end from delivery`,
  `insert into ledger.notification (id, action, content) values ('1', 'push', '{}')`,
  `insert into ledger.pull (repository, tag, digest, caller, uid, realm, kind, address, user_agent, count, first_at, last_at)
   values ('a/b', '1', 'd', 'c', 'alice', 'r', 'oauth2', '', '', 1, clock_timestamp(), clock_timestamp())`,
  `with report as (
     insert into ledger.in_use_report (realm, uid, name, reported_at) values ('r', 'alice', 'k8s', clock_timestamp()) returning id
   )
   insert into ledger.in_use (report, repository, digest, tag, node, service, first_at, last_at, ends_at)
   select id, 'a/b', 'd', '1', '', '', clock_timestamp(), clock_timestamp(), clock_timestamp() + interval '30 days' from report`,
  `insert into ledger.in_use_waiver (repository, digest, waived_by, reason, ends_at)
   values ('a/b', 'd', 'alice', 'because', clock_timestamp() + interval '900 seconds')`,
  `insert into ledger.scm_search (repository, digest, pushed_by, with_layers) values ('a/b', 'd', '', false)`,
  `insert into ledger.scm_search (repository, digest, pushed_by, with_layers, claim)
   values ('a/c', 'd', '', false, gen_random_uuid())`,
];

/** @returns the columns of the table in which a row lies further ahead of the clock than it may, a minute allowed */
async function ahead(): Promise<string[]> {
  const found: string[] = [];
  for (const { table, column, mostSeconds, where = "true" } of TIMES) {
    const { rowCount } = await db.query(
      `select from ${table} where ${where} and ${column} > clock_timestamp() + ${mostSeconds + 60} * interval '1 second'`,
    );
    if (rowCount !== 0) found.push(`${table}.${column}`);
  }
  return found;
}

describe("what was written while the database's clock was ahead", () => {
  test("counts from now, each column of the table, and a line says how far it was ahead", async () => {
    for (const row of ROWS) await db.query(row);
    const log = readableLog();
    expect(await correct(log.log)).toEqual([]);
    expect(log.linesOf("database.times-ahead")).toEqual([]);
    // Each by itself, since two lines may be about one column.
    const columns = [...new Set(TIMES.map(({ table, column }) => `${table} ${column}`))];
    const filled: string[] = [];
    for (const [table = "", column = ""] of columns.map((one) => one.split(" "))) {
      const { rowCount } = await db.query(
        `update ${table} set ${column} = ${column} + interval '${HOURS} hours' where ${column} is not null`,
      );
      if (rowCount !== 0) filled.push(`${table}.${column}`);
    }
    expect(await ahead()).toHaveLength(TIMES.filter(({ table, column }) => filled.includes(`${table}.${column}`)).length); // prettier-ignore
    await correct(log.log);
    expect(await ahead()).toEqual([]);
    const [line] = log.linesOf("database.times-ahead");
    expect(JSON.stringify(line)).toMatch(/Postgres' clock was up to 10\.[0-3] hours ahead/);
    expect(await correct()).toEqual([]);
    expect(filled).toEqual(columns.map((one) => one.replace(" ", ".")));
  });

  test("holds a tag for the length of a lease at most", async () => {
    const claim = tagPush("one", { tag: "1.0" });
    await reserveTag(db, claim, { leaseSeconds: 60, mutable: false });
    await db.query("update ledger.tag set reserved_until = reserved_until + interval '10 hours'");
    await correct();
    const { rows } = await db.query<{ seconds: number }>(
      "select extract(epoch from reserved_until - clock_timestamp())::float8 as seconds from ledger.tag",
    );
    expect(rows[0]?.seconds).toBeGreaterThan(0);
    expect(rows[0]?.seconds).toBeLessThanOrEqual(60);
  });

  test("has a drain take as long as it was given", async () => {
    await db.transaction((tx) => writeMode(tx, { mode: "read-only", reason: "because", by: "alice", drainSeconds: 90 })); // prettier-ignore
    await db.query(
      "update ledger.mode set changed_at = changed_at + interval '10 hours', drain_until = drain_until + interval '10 hours'",
    );
    await correct();
    const { drained, drainSeconds } = await readMode(db);
    expect(drained).toBe(false);
    expect(drainSeconds).toBeGreaterThan(0);
    expect(drainSeconds).toBeLessThanOrEqual(90);
  });

  test("keeps no pass of discovery from beginning", async () => {
    await notePass(db);
    const rest = { sinceBegin: 3_600, sinceEnd: 3_600 };
    expect(await isPassDue(db, rest)).toBe(false);
    await db.query("update ledger.discovery set began_at = began_at + interval '10 hours'");
    expect(await isPassDue(db, rest)).toBe(true);
  });

  test("is older than what is pushed now: virtual latest moves on", async () => {
    await push("1.0");
    await db.query("update ledger.tag set pushed_at = pushed_at + interval '10 hours'");
    for (const tag of ["1.1", "1.2"]) {
      const { digest } = await push(tag);
      expect(await readLatest(db, tagPush("").repository)).toMatchObject({ tag, digest });
    }
  });

  test("hides no tag that is deleted now from who keeps deleted ones in mind", async () => {
    for (const tag of ["1.0", "1.1"]) await push(tag);
    const remove = (tag: string, at: string) =>
      db.query(`update ledger.tag set deleted_by = 'alice', deleted_at = ${at} where name = $1`, [
        tag,
      ]);
    await remove("1.0", "clock_timestamp() + interval '10 hours'");
    const [last] = await readDeletedSince(db, null, 10);
    await remove("1.1", "clock_timestamp()");
    const since = await readDeletedSince(db, last?.at ?? "", 10);
    expect(since.map(({ tag }) => tag)).toEqual(["1.0", "1.1"]);
  });
});

test("a pull that a gateway dates by a clock of its own which is ahead was not after now", async () => {
  const at = new Date(Date.now() + HOURS * 3_600_000);
  const who = { uid: "alice", realm: "/employees", kind: "oauth2", address: "192.0.2.1", userAgents: ["a client"] }; // prettier-ignore
  const pull = { repository: "alpha/app", tag: "1.0", digest: "d", caller: "c", ...who, count: 1, firstAt: at, lastAt: at }; // prettier-ignore
  await db.transaction((tx) => recordPulls(tx, [pull as never]));
  const { rowCount } = await db.query(
    "select from ledger.pull natural join (select now() as now) as n where last_at > now",
  );
  expect(rowCount).toBe(0);
});
