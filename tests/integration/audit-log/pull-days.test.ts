import { describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { reportPulls } from "#audit-log/verify/report.js";
import { forgetOldDays, sealDays } from "#gateway/pulls/days.js";
import { boundedDatabase } from "#tests/support/bounded-database.js";
import { useAuditLog, type TestAuditLog, restOf } from "./support/audited.js";
import { onRecord } from "./support/on-record.js";

let log: TestAuditLog;

useAuditLog((made) => {
  log = made;
});

/** More than any of these days takes. */
const MOST_STATEMENTS = 100;
const deps = () => ({ db: boundedDatabase(log.db, MOST_STATEMENTS), audit: recordAudit });
const { pulls: pulled } = onRecord(() => log);
/** Makes what was written today the record of a day before. */
const daysAgo = (days: number) =>
  log.db.query(
    `update ledger.pull_day set day = day - $1::int
     where day = (clock_timestamp() at time zone 'UTC')::date`,
    [days],
  );
const verify = async () => restOf(await log.verify()).pulls;
const problems = async () => (await verify()).findings.map(({ problem }) => problem);
const entries = async (action: string) => {
  const { rows } = await log.db.query<{ detail: { records: number; pulls: number } }>(
    "select content::json -> 'detail' as detail from audit.entry where action = $1 order by at",
    [action],
  );
  return rows.map(({ detail }) => detail);
};

describe("the pulls of a day", () => {
  test("go on record when it is over, once, and so do days between without any", async () => {
    await pulled();
    await pulled({ uid: "bob", count: 4 });
    await daysAgo(3);
    const [one, other] = await Promise.all([sealDays(deps()), sealDays(deps())]);
    expect(one + other).toBe(3);
    expect(await entries("pulls.sealed")).toMatchObject([
      { records: 2, pulls: 5 },
      { records: 0, pulls: 0 },
      { records: 0, pulls: 0 },
    ]);
    expect(await sealDays(deps())).toBe(0);
    expect(await verify()).toEqual({ checked: 3, forgotten: 0, findings: [] });
    expect(reportPulls(await verify())).toEqual([
      "3 days of pulls compared with the audit log",
      "who pulled is as the audit log says",
    ]);
  });

  test("are not on record while it lasts, nor before anybody has pulled", async () => {
    expect(await sealDays(deps())).toBe(0);
    await pulled();
    expect(await sealDays(deps())).toBe(0);
    expect(await verify()).toEqual({ checked: 0, forgotten: 0, findings: [] });
  });

  test("take no more once they are on record, also by a clock that goes back", async () => {
    await pulled();
    await daysAgo(1);
    await sealDays(deps());
    await log.db.query(
      "insert into ledger.pull_seal select (clock_timestamp() at time zone 'UTC')::date",
    );
    await pulled();
    const { rows } = await log.db.query<{ ahead: number }>(
      `select day - (clock_timestamp() at time zone 'UTC')::date as ahead from ledger.pull_day order by day`,
    );
    expect(rows.map(({ ahead }) => ahead)).toEqual([-1, 1]);
    expect(await problems()).toEqual([]);
  });

  test.each([
    [
      "a record that was put in",
      `insert into ledger.pull_day select day, repository, tag, digest, 'x', 'eve', realm, kind, address, 1, first_at, last_at
       from ledger.pull_day`,
      "2 records, 1 in the audit log",
    ],
    ["one that was taken out", "delete from ledger.pull_day", "0 records, 1 in the audit log"],
    ...[
      "uid = 'eve'",
      "count = 2",
      "address = ''",
      "last_at = last_at + interval '1 microsecond'",
    ].map((change) => [
      `one that was changed: ${change}`,
      `update ledger.pull_day set ${change}`,
      "one of its records was changed",
    ]),
    [
      "a day that was put before them",
      `insert into ledger.pull_day select day - 7, repository, tag, digest, 'x', 'eve', realm, kind, address, 1, first_at, last_at
       from ledger.pull_day`,
      "has records, though none were on record when it was over",
    ],
  ])("are compared: %s is told", async (_what, statement, problem) => {
    await pulled();
    await daysAgo(1);
    await sealDays(deps());
    await log.db.query(statement);
    expect(await problems()).toEqual([problem]);
    expect(reportPulls(await verify()).at(-1)).toBe(
      "THE PULLS OF 1 DAY ARE NOT AS THE AUDIT LOG SAYS",
    );
  });

  test("are forgotten by whole days, which is on record, and verify tells how many", async () => {
    await pulled();
    await daysAgo(5);
    await pulled({ uid: "bob" });
    await daysAgo(2);
    await sealDays(deps());
    await forgetOldDays(deps(), 3);
    await forgetOldDays(deps(), 3);
    const { rows } = await log.db.query<{ uid: string }>("select uid from ledger.pull_day");
    expect(rows).toEqual([{ uid: "bob" }]);
    expect(await entries("pulls.forgotten")).toHaveLength(1);
    expect(await verify()).toEqual({ checked: 3, forgotten: 2, findings: [] });
    expect(reportPulls(await verify())[0]).toBe(
      "3 days of pulls compared with the audit log, 2 before were forgotten",
    );
  });
});
