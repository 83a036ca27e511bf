import { expect, test } from "@jest/globals";
import { prunePulls } from "#gateway/pulls/sql/forget-pulls.js";
import { endDay, nextEndedDay } from "#gateway/pulls/sql/days.js";
import { recordPulls } from "#gateway/pulls/sql/record-pulls.js";
import { readLeftOut, readPulls, readPullTotal } from "#gateway/pulls/sql/read-pulls.js";
import { storeManifest } from "#gateway/ledger/sql/store-manifest.js";
import { readStored } from "#gateway/upstream/read-stored.js";
import type { CountedPulls } from "#gateway/pulls/pull.js";
import { parseDigest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { image } from "../tags/support/manifests.js";
import { countedPulls, insertPullDays } from "#tests/support/pulls.js";
import { type StartedLedger } from "#tests/support/ledger.js";
import { useLedger } from "#tests/support/use-ledger.js";

const [APP, OTHER] = ["alpha/app", "alpha/other"].map(parseRepositoryName);
const [ONE, TWO] = ["1.0", "2.0"].map(parseTag);
const [A, B] = ["a", "b"].map((c) => parseDigest(`sha256:${c.repeat(64)}`));
const HOUR = 3_600_000;

let ledger: StartedLedger;
useLedger((started) => {
  ledger = started;
});

const NOW = Math.floor(Date.now() / 1000) * 1000;
const at = (hours: number) => new Date(NOW + hours * HOUR);
const pull = (change: Partial<CountedPulls> = {}) =>
  countedPulls({ address: "", firstAt: at(0), lastAt: at(0), ...change });
const record = (...pulls: CountedPulls[]) => ledger.db.transaction((tx) => recordPulls(tx, pulls));
const ALL = { tag: null, digest: null, since: null, limit: 10, cursor: null };
const target = (change: object = {}) => ({
  ...ALL,
  ...{ about: "pulls" as const, repository: APP ?? parseRepositoryName("x") },
  ...change,
});
const totals = async (...changes: object[]) =>
  Promise.all(
    changes.map(async (change) => (await readPullTotal(ledger.db, target(change)))?.pulls ?? null),
  );

test("pulls are those of a repository, a tag, a digest, and no other's", async () => {
  const digest = B ?? "";
  await record(
    pull({ count: 1 }),
    pull({ tag: "2.0", count: 10 }),
    pull({ digest, count: 100 }),
    pull({ repository: "alpha/other", count: 1_000 }),
  );
  expect(await totals({}, { tag: ONE }, { tag: TWO }, { repository: OTHER })).toEqual([
    111, 101, 10, 1_000,
  ]);
  expect(await totals({ digest: A }, { digest: B }, { digest: A, tag: TWO })).toEqual([
    11, 100, 10,
  ]);
  expect(await totals({ repository: OTHER, digest: B })).toEqual([null]);
  expect(await totals({ repository: OTHER, tag: TWO }, { tag: "3.0" })).toEqual([null, null]);
  const listed = await readPulls(ledger.db, target({ repository: OTHER }));
  expect(listed.map(({ count }) => count)).toEqual([1_000]);
});

test("a repository, tag or manifest is known in its own repository alone, and once it is one", async () => {
  const none = { digest: parseDigest(`sha256:${"c".repeat(64)}`) };
  await record(pull({ repository: "alpha/other" }));
  await ledger.db.query(
    `insert into ledger.tag
       (repository, name, reservation, reserved_digest, reserved_by, reserved_until)
     values ('alpha/app', 'reserved', gen_random_uuid(), $1, 'alice', now())`,
    [A],
  );
  expect(await totals({}, { digest: A })).toEqual([null, null]);
  await ledger.db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     values ('alpha/app', '1.0', $1, 'alice', now())`,
    [B],
  );
  expect(await totals({}, { tag: ONE }, { tag: TWO }, { tag: "reserved" })).toEqual([
    0,
    0,
    null,
    null,
  ]);
  expect(await totals({ digest: B }, { digest: A }, none)).toEqual([0, null, null]);
});

test("a manifest, or a tag of it, in another repository says nothing of this one", async () => {
  const [other, tagged] = [image("other"), image("tagged")];
  await record(pull());
  const content = Buffer.from(other.text);
  const stored = await readStored({ ...other, content });
  await storeManifest(ledger.db, parseRepositoryName("alpha/other"), stored, "checked");
  await ledger.db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     values ('alpha/other', '1.0', $1, 'alice', now())`,
    [tagged.digest],
  );
  expect(await totals({ digest: other.digest }, { digest: tagged.digest })).toEqual([null, null]);
  const there = { repository: OTHER };
  expect(
    await totals({ ...there, digest: other.digest }, { ...there, digest: tagged.digest }),
  ).toEqual([0, 0]);
});

test("of repeated pulls the first and the last time are kept, whichever comes first", async () => {
  await record(pull({ firstAt: at(-2), lastAt: at(-2) }));
  await record(pull({ firstAt: at(-3), lastAt: at(-3) }));
  await record(pull({ firstAt: at(-1), lastAt: at(-1) }));
  const [kept] = await readPulls(ledger.db, target());
  expect(kept).toMatchObject({ count: 3, firstAt: at(-3), lastAt: at(-1) });
});

test("only what is old is forgotten", async () => {
  await record(pull(), pull({ uid: "bob", firstAt: at(-48), lastAt: at(-48) }));
  expect(await prunePulls(ledger.db, 1)).toBe(1);
  expect((await readPulls(ledger.db, target())).map(({ uid }) => uid)).toEqual(["alice"]);
});

/** Records as they stand, each of another address; what is not said is the same for all. */
const fill = (number: number, change: Readonly<Record<string, string>> = {}) => {
  const one = { repository: "alpha/app", tag: "1.0", digest: A ?? "", uid: "alice", realm: "", kind: "oauth2", ...change }; // prettier-ignore
  return ledger.db.query(
    `insert into ledger.pull (repository, tag, digest, uid, realm, kind, caller, address, user_agent, count, first_at, last_at)
     select $1, $2, $3, $4, $5, $6, concat_ws('/', i, $4::text, $5::text, $6::text), i::text, '', 1, now(), now() - i * interval '1 second'
     from generate_series(1, $7::int) as i`,
    [one.repository, one.tag, one.digest, one.uid, one.realm, one.kind, number],
  );
};
const counts = async (by: string) => {
  const { rows } = await ledger.db.query<{ row: string }>(
    `select ${by} || ' ' || count(*) as row from ledger.pull group by ${by} order by 1`,
  );
  return rows.map(({ row }) => row);
};
const leftOut = (repository: typeof APP) =>
  readLeftOut(ledger.db, repository ?? parseRepositoryName("x"));

test("of somebody's addresses with an image the oldest are forgotten, and nobody else's, nor of another image", async () => {
  const others = [{ repository: "alpha/other" }, { tag: "2.0" }, { digest: B ?? "" }];
  for (const change of [{}, ...others, { uid: "bob" }, { realm: "/x" }, { kind: "robot" }])
    await fill(1_000, change);
  await record(pull({ address: "192.0.2.1" }));
  const by = "concat_ws(' ', repository, tag, right(digest, 1), uid, realm, kind)";
  expect(await counts(by)).toEqual(
    [
      ...["alpha/app 1.0 a alice  oauth2", "alpha/app 1.0 a alice  robot"],
      ...["alpha/app 1.0 a alice /x oauth2", "alpha/app 1.0 a bob  oauth2"],
      ...["alpha/app 1.0 b alice  oauth2", "alpha/app 2.0 a alice  oauth2"],
      "alpha/other 1.0 a alice  oauth2",
    ].map((row) => `${row} 1000`),
  );
  expect([await leftOut(APP), await leftOut(OTHER)]).toEqual([
    ...[
      { records: 1, pulls: 1 },
      { records: 0, pulls: 0 },
    ],
  ]);
});

test("what is left out is taken from the day that is not over, and nothing that is alike", async () => {
  await fill(1_000);
  const oldest = "select caller from ledger.pull order by last_at limit 1";
  const { rows: found } = await ledger.db.query<{ caller: string }>(oldest);
  const GONE = found[0]?.caller ?? "";
  const gone = { ago: 0, repository: "alpha/app", tag: "1.0", digest: A ?? "", caller: GONE };
  const alike = [
    { ...gone, ago: 1 },
    { ...gone, repository: "alpha/other" },
    { ...gone, tag: "2.0" },
    { ...gone, digest: B ?? "" },
    { ...gone, caller: "another" },
  ];
  await insertPullDays(ledger.db, [gone, ...alike]);
  await record(pull({ address: "192.0.2.1" }));
  const { rows } = await ledger.db.query<typeof gone>(
    `select (now() at time zone 'UTC')::date - day as ago, repository, tag, digest, caller
     from ledger.pull_day where caller in ($1, 'another')`,
    [GONE],
  );
  expect(new Set(rows)).toEqual(new Set(alike));
});

test("what is too much of one repository pushes out none of another's", async () => {
  await record(pull({ repository: "alpha/other", firstAt: at(-48), lastAt: at(-48) }));
  await fill(51_000, { tag: "0.9", uid: "u" });
  await fill(50_500, { repository: "alpha/other", tag: "0.9", uid: "u" });
  await record(pull());
  expect(await counts("repository")).toEqual(["alpha/app 50000", "alpha/other 50501"]);
  // Others are let be until they are a thousand too many.
  await record(pull({ repository: "alpha/other" }));
  expect(await counts("repository")).toEqual(["alpha/app 50000", "alpha/other 50501"]);
  expect([await leftOut(APP), await leftOut(OTHER)]).toEqual([
    ...[
      { records: 1_001, pulls: 1_001 },
      { records: 0, pulls: 0 },
    ],
  ]);
});

test("nothing was pulled later than now, whatever a gateway's clock says", async () => {
  await record(pull({ firstAt: at(5), lastAt: at(6) }));
  const [kept] = await readPulls(ledger.db, target());
  expect(kept?.firstAt.getTime()).toBeLessThan(at(4).getTime());
  expect(kept?.lastAt.getTime()).toBeLessThan(at(4).getTime());
});

test("a day is over once the next one has begun, and comes after the last that is on record", async () => {
  await record(pull());
  expect(await nextEndedDay(ledger.db)).toBeNull();
  await ledger.db.query("update ledger.pull_day set day = day - 2");
  const ago = async (days: number) => {
    const { rows } = await ledger.db.query<{ day: string }>("select to_char((now() at time zone 'UTC')::date - $1::int, 'YYYY-MM-DD') as day", [days]); // prettier-ignore
    return rows[0]?.day;
  };
  for (const days of [2, 1]) {
    const day = (await nextEndedDay(ledger.db)) ?? "";
    expect(day).toBe(await ago(days));
    await endDay(ledger.db, day);
  }
  expect(await nextEndedDay(ledger.db)).toBeNull();
});
