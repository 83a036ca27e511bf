import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Month } from "#audit-log/archive/archive-form.js";
import { removeArchived } from "#audit-log/archive/remove-archived.js";
import { verifyArchives } from "#audit-log/archive/verify-archives.js";
import { withArchives } from "#audit-log/archive/with-archives.js";
import { writeArchive } from "#audit-log/archive/write-archive.js";
import { SYSTEM } from "#audit-log/entry.js";
import { keysFact, settingsFact } from "#audit-log/facts.js";
import { listEntries } from "#audit-log/list-entries.js";
import { changesIn } from "#audit-log/questions/changes.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { recordFact } from "#audit-log/record-fact.js";
import { lockFacts } from "#audit-log/sql/facts.js";
import { readCuts } from "#audit-log/sql/cuts.js";
import { exitCodeOf, reportAll } from "#audit-log/verify/report.js";
import { unrecordedCuts } from "#audit-log/verify/verify-cut.js";
import { verifyLog, type VerifiedLog } from "#audit-log/verify/verify-log.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { operatorFolders } from "#service-kit/signing/operator-folders.js";
import { AUDIT_BUNDLE } from "#service-kit/signing/trust-folder.js";
import { parseCertificates } from "#service-kit/signing/signing-key.js";
import { whileLocked } from "#tests/support/held-lock.js";
import { SILENT } from "#tests/support/ledger.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { CHAIN, restOf, useAuditLog, type TestAuditLog } from "./support/audited.js";
import { momentAfter } from "./support/on-record.js";

let log: TestAuditLog;
let folder: TemporaryFolder;
let months: readonly [Month, Month];

const OLGA = { ...SYSTEM, uid: "olga", kind: "command" };
const SETTINGS = settingsFact("gateway", { ALLOW_DELETE: "true" });
const EVERYTHING = {
  ...{ since: new Date(0), until: new Date("9999-12-31"), repository: null, action: null },
  ...{ actor: null, tag: null, digest: null },
};

useAuditLog((made) => {
  log = made;
});
/** Two months, of which tests have no time to wait, and something after them. */
beforeEach(async () => {
  folder = await temporaryFolder();
  await recordFact(facts(), SETTINGS);
  await log.append(7);
  await log.checkpoint();
  const first = await now();
  await log.append(5, "beta/app");
  await log.checkpoint();
  await log.append(3);
  const second = await now();
  await log.append(2);
  await log.checkpoint();
  months = [
    { name: "2026-09", from: new Date(0), to: first },
    { name: "2026-10", from: first, to: second },
  ];
  for (const month of months)
    await writeArchive(log.db, month, { folder: folder.path, anchors: await anchors() });
});
afterEach(() => folder.remove());

const facts = () => ({ db: log.db, audit: recordAudit, log: SILENT });
const archive = (month: Month) => join(folder.path, `audit-${month.name}.ndjson.gz`);
const remove = async (month: Month, db = log.db) =>
  removeArchived(
    { db, audit: recordAudit, folder: folder.path, anchors: await anchors(), actor: OLGA },
    month,
  );
const verifyWhole = async (): Promise<VerifiedLog> => {
  const trust = { anchors: await anchors(), kept: [], progress: () => undefined };
  const cuts = await readCuts(log.db);
  return withArchives(log.db, { ...trust, folder: folder.path }, async (whole) => {
    const found = await verifyLog(whole, trust);
    return { ...found, findings: [...found.findings, ...(await unrecordedCuts(whole, cuts))] };
  });
};
const archiveProblems = async () =>
  (await verifyArchives(log.db, folder.path, await anchors())).findings.map(
    ({ problem }) => problem,
  );

async function anchors() {
  const trusted = join(operatorFolders(log.keysFolder).trust, AUDIT_BUNDLE);
  return parseCertificates(await readFile(trusted, "utf8"), trusted);
}

const now = () => momentAfter(log.db);

async function count(db: Pick<Database, "query">): Promise<number> {
  let found = 0;
  for await (const { position } of listEntries(db, EVERYTHING)) found += Math.sign(position);
  return found;
}

describe("entries of a month that leave for their archive", () => {
  test("are gone from the table, and the log goes on behind them, as far as can be told without archives", async () => {
    expect(await remove(months[0])).toBe(13);
    await log.append(2);
    await log.checkpoint();
    const found = await log.verify();
    // Those that were left, the one of the removal, and the settings that hold still.
    expect(found).toMatchObject({ entries: 5 + 2 + 2, findings: [], rest: null });
    expect(exitCodeOf(found)).toBe(3);
    expect(reportAll(found).slice(-2)).toEqual([
      expect.stringMatching(/^13 entries up to checkpoint 2 \(.*, 2026-09\) left for archives$/),
      expect.stringMatching(/^NOT VERIFIED: these, .*--archives FOLDER/),
    ]);
  });

  test("are read beside the rest: every chain from its beginning, and the ledger by all of them", async () => {
    for (const month of months) await remove(month);
    await log.append(2);
    const found = await verifyWhole();
    expect(found).toMatchObject({ findings: [], cut: null });
    expect(restOf(found)).toMatchObject({ ledger: { checked: 19, wrong: 0 } });
    expect(exitCodeOf(found)).toBe(0);
    expect(await archiveProblems()).toEqual([]);
    const whole = { folder: folder.path, anchors: await anchors() };
    expect(await withArchives(log.db, whole, count)).toBe(found.entries);
    expect(await count(log.db)).toBeLessThan(found.entries);
    const { rows } = await log.db.query("select to_regclass('pg_temp.archived_entry') as left");
    expect(rows).toEqual([{ left: null }]);
  });

  test("are on record as having left, by whom and for which file, and what holds still is said again", async () => {
    await remove(months[0]);
    const [entry] = (await log.ledger.audited()).filter((one) => one.action === "entries.removed");
    expect(entry).toMatchObject({
      actor: { uid: "olga", kind: "command" },
      detail: { month: "2026-09", checkpoint: 2, entries: 13, sha256: expect.any(String) },
    });
    expect(await recordFact(facts(), SETTINGS)).toBe(false);
    expect(await recordFact(facts(), keysFact("gateway", []))).toBe(true);
    const [settings] = (await log.ledger.audited()).filter(
      (one) => one.action === "settings.changed",
    );
    expect(settings).toMatchObject({
      detail: { subject: "gateway", settings: { ALLOW_DELETE: "true" }, since: expect.any(String) },
    });
  });

  test("say again what holds still, however many others have gone on record since", async () => {
    for (let size = 1; size <= 500; size += 1)
      await recordFact(facts(), settingsFact("token-server", { DB_CONNECTIONS: String(size) }));
    await remove(months[0]);
    expect(await recordFact(facts(), SETTINGS)).toBe(false);
  });

  test("are missed where their archive is missing, changed, or another one", async () => {
    await remove(months[0]);
    const original = await readFile(archive(months[0]));
    await rename(archive(months[0]), join(folder.path, "elsewhere"));
    expect((await verifyWhole()).findings[0]?.problem).toMatch(/missing/);
    expect(await archiveProblems()).toContain("is not here: it ends with checkpoint 2");
    const text = gunzipSync(original).toString();
    await writeFile(archive(months[0]), gzipSync(text.replaceAll("alice", "mallory")));
    expect((await verifyWhole()).findings.map(({ problem }) => problem).join()).toMatch(
      /not the entry that|does not continue|missing/,
    );
    expect((await archiveProblems())[0]).toMatch(/was changed/);
    // What it says is right, and it is not the file that went on record.
    await writeFile(archive(months[0]), gzipSync(text, { level: 1 }));
    expect(await archiveProblems()).toEqual(["is another file than the one that entries left for"]);
  });

  test("are missed where the log was cut somewhere else than is signed, or nobody put that on record", async () => {
    await remove(months[0]);
    await log.forge((tx) =>
      tx.query(
        "update audit.cut_place set position = position - 1 where position = (select max(position) from audit.cut_place)",
      ),
    );
    expect((await log.verify()).findings).toMatchObject([
      { position: 2, problem: "the log was cut somewhere else than this checkpoint says" },
    ]);
    const moveBack = "update audit.cut_place set position = position + 1 where position = (select max(position) from audit.cut_place)"; // prettier-ignore
    await log.forge((tx) => tx.query(`${moveBack}; update audit.cut set entries = entries - 1`));
    expect((await log.verify()).findings).toMatchObject([
      { position: 2, problem: "the log was cut somewhere else than this checkpoint says" },
    ]);
    await log.forge((tx) =>
      tx.query("update audit.cut set number = 3; update audit.cut_place set number = 3"),
    );
    expect((await log.verify()).findings.length).toBeGreaterThan(0);
  });

  test("are missed where the checkpoint is gone that they left behind", async () => {
    await remove(months[0]);
    await log.forge((tx) => tx.query("delete from audit.checkpoint where number = 2"));
    expect((await log.verify()).findings).toContainEqual(
      expect.objectContaining({
        position: 2,
        problem: "the checkpoint that the log was cut at is gone",
      }),
    );
  });

  test("leave once whoever is saying what holds has said it", async () => {
    const lock = (tx: Queryable) => lockFacts(tx, "settings.changed");
    expect((await whileLocked(log.db, lock, () => remove(months[0]))).hasWaited).toBe(true);
  });

  test("that say what holds are said again, without what they say otherwise than the one before", async () => {
    await recordFact(facts(), settingsFact("gateway", { ALLOW_DELETE: "false" }));
    await log.append(1);
    await log.checkpoint();
    const third = { name: "2026-11", from: months[1].to, to: await now() };
    await log.append(1);
    await log.checkpoint();
    await writeArchive(log.db, third, { folder: folder.path, anchors: await anchors() });
    for (const month of [...months, third]) await remove(month);
    const said = (await log.ledger.audited()).filter(({ action }) => action === "settings.changed");
    const details = said.map(({ detail }) => Object.keys(detail).sort().join(" "));
    expect(details).toEqual(["fingerprint settings since subject"]);
    expect(said[0]?.detail).toMatchObject({ settings: { ALLOW_DELETE: "false" } });
  });

  test("are missed where somebody made a cut by hand", async () => {
    await log.db.query(
      `insert into audit.cut (number, until, month, sha256, entries) select number, at, '2026-09', 'x', entries
       from audit.checkpoint where number = 2`,
    );
    await log.db.query(
      `insert into audit.cut_place (number, chain, position)
       select 2, (head ->> 'chain')::int, (head ->> 'position')::bigint
       from (select convert_from(decode(rpad(translate(split_part(token, '.', 2), '-_', '+/'),
               4 * ((length(split_part(token, '.', 2)) + 3) / 4), '='), 'base64'), 'UTF8')::json as said
             from audit.checkpoint where number = 2) as checkpoint,
            json_array_elements(said -> 'heads') as head`,
    );
    const problem = "the log was cut here, and no entry says so";
    expect((await log.verify()).findings).toMatchObject([{ position: 2, problem }]);
    expect((await verifyWhole()).findings).toMatchObject([{ position: 2, problem }]);
  });

  test("do not leave before those of the month before, nor without right archives", async () => {
    await expect(remove(months[1])).rejects.toThrow("remove the months before it first");
    await expect(remove({ ...months[0], name: "2026-08" })).rejects.toThrow(
      "no archive of 2026-08",
    );
    const original = await readFile(archive(months[0]));
    await writeFile(archive(months[0]), original.subarray(0, original.length / 2));
    await expect(remove(months[0])).rejects.toThrow("audit-2026-09.ndjson.gz");
    await writeFile(archive(months[0]), original);
    expect(await readCuts(log.db)).toEqual([]);
  });

  test.each([
    ["gone from the log", "delete from audit.entry where chain = $1"],
    ["another one in the log", "update audit.entry set hash = sha256(hash) where chain = $1"],
  ])("do not leave where the last one of an archive is %s", async (_what, sql) => {
    await log.forge((tx) => tx.query(sql, [CHAIN]));
    await expect(remove(months[0])).rejects.toThrow("not the one in the archive");
    expect(await readCuts(log.db)).toEqual([]);
  });

  test("are gone on with where the command was killed on the way", async () => {
    let transactions = 0;
    const killed: Database = {
      ...log.db,
      transaction: (work) => {
        transactions += 1;
        if (transactions > 1) throw new Error("killed");
        return log.db.transaction(work);
      },
    };
    await expect(remove(months[0], killed)).rejects.toThrow("killed");
    expect(await count(log.db)).toBe(18 + 2);
    expect(await log.verify()).toMatchObject({ findings: [], cut: { number: 2 } });
    expect((await verifyWhole()).findings).toEqual([]);
    expect(await remove(months[0])).toBe(13);
    expect((await log.ledger.audited()).filter((one) => one.action === "entries.removed")).toEqual([
      expect.anything(),
    ]);
    expect((await verifyWhole()).findings).toEqual([]);
  });

  test("leave once: a month before the last one that left has nothing to remove any more", async () => {
    for (const month of months) await remove(month);
    await expect(remove(months[0])).rejects.toThrow("2026-09 has left already");
    expect(await remove(months[1])).toBe(0);
  });

  test("are the only ones that can be removed, and no cut can be taken back", async () => {
    await remove(months[0]);
    for (const sql of [
      "delete from audit.entry",
      "delete from audit.cut_place",
      "update audit.cut set month = 'x'",
    ])
      await expect(log.db.query(sql)).rejects.toThrow("the audit log is append-only");
    await expect(
      writeArchive(log.db, months[0], { folder: folder.path, anchors: await anchors() }),
    ).rejects.toThrow("has left for an archive already");
  });

  test("are said to be missing by whoever answers without them, and are told of with them", async () => {
    await remove(months[0]);
    const stretch = { from: new Date(0), to: new Date("9999-12-31") };
    const without = await changesIn(log.db, stretch);
    expect(without.notes[0]).toMatch(/entries before .* have left for archives \(up to 2026-09\)/);
    const whole = { folder: folder.path, anchors: await anchors() };
    const answer = await withArchives(log.db, whole, (db) => changesIn(db, stretch));
    expect(answer.notes.join()).not.toMatch(/left for archives/);
    expect(answer.changes).toHaveLength(without.changes.length + 1);
  });
});
