import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { monthIn, type Month } from "#audit-log/archive/archive-form.js";
import { reportArchives, verifyArchives } from "#audit-log/archive/verify-archives.js";
import { writeArchive } from "#audit-log/archive/write-archive.js";
import { entryHash } from "#audit-log/chain.js";
import { entriesAfter, type EntryRow } from "#audit-log/sql/entries.js";
import { operatorFolders } from "#service-kit/signing/operator-folders.js";
import { AUDIT_BUNDLE } from "#service-kit/signing/trust-folder.js";
import { parseCertificates } from "#service-kit/signing/signing-key.js";
import { boundedDatabase } from "#tests/support/bounded-database.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { CHAIN, useAuditLog, type TestAuditLog } from "./support/audited.js";
import { momentAfter } from "./support/on-record.js";

let log: TestAuditLog;
let folder: TemporaryFolder;

useAuditLog((made) => {
  log = made;
});
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

async function anchors() {
  const trusted = join(operatorFolders(log.keysFolder).trust, AUDIT_BUNDLE);
  return parseCertificates(await readFile(trusted, "utf8"), trusted);
}

/** A stretch of time in the place of a month: tests have no month to wait. */
const stretch = (name: string, from: Date, to: Date): Month => ({ name, from, to });

const now = () => momentAfter(log.db);

/** More than any of these archives takes. */
const MOST_STATEMENTS = 200;
const write = async (month: Month) =>
  writeArchive(boundedDatabase(log.db, MOST_STATEMENTS), month, {
    folder: folder.path,
    anchors: await anchors(),
  });
const problems = async () =>
  (await verifyArchives(log.db, folder.path, await anchors())).findings.map(
    ({ problem }) => problem,
  );

/** Two stretches with entries in both, and the checkpoints between. @returns files of both archives */
async function twoArchives(): Promise<readonly [string, string]> {
  const begin = new Date(0);
  await log.append(7);
  await log.checkpoint();
  const between = await now();
  await log.append(5, "beta/app");
  await log.checkpoint();
  await log.append(3);
  const end = await now();
  await log.append(2);
  await log.checkpoint();
  const first = await write(stretch("2026-09", begin, between));
  const second = await write(stretch("2026-10", between, end));
  expect([first.entries, second.entries]).toEqual([12, 5]);
  return [first.file, second.file];
}

async function changed(file: string, change: (lines: string[]) => string[]): Promise<void> {
  const lines = gunzipSync(await readFile(file))
    .toString()
    .split("\n");
  await writeFile(file, gzipSync(change(lines).join("\n")));
}

describe("archives of months", () => {
  test("follow each other, have every entry once, and are as the audit log says", async () => {
    const [first] = await twoArchives();
    await writeFile(join(folder.path, "where-these-come-from.txt"), "beside archives");
    const found = await verifyArchives(log.db, folder.path, await anchors());
    expect(reportArchives(found)).toEqual([
      "  audit-2026-09.ndjson.gz: 12 entries, from the beginning to checkpoint 2",
      "  audit-2026-10.ndjson.gz: 5 entries, from checkpoint 2 to checkpoint 3",
      "the archives are as the audit log says",
    ]);
    const text = gunzipSync(await readFile(first)).toString();
    const { rows } = await log.db.query<{ content: string }>(
      "select content from audit.entry where position = 1",
    );
    for (const { content } of rows) expect(text).toContain(JSON.stringify(content));
    expect((await log.verify()).entries).toBe(17);
  });

  test("are found out where an entry was changed, taken out, or put in", async () => {
    const [first] = await twoArchives();
    const original = await readFile(first);
    for (const [change, problem] of [
      [(lines: string[]) => lines.map((line) => line.replace("alice", "mallory")), /was changed/],
      [(lines: string[]) => lines.filter((_, index) => index !== 3), /missing/],
      [(lines: string[]) => [...lines.slice(0, 4), ...lines.slice(3)], /missing/],
      [(lines: string[]) => lines.slice(0, -1), /cut off within a line/],
      [(lines: string[]) => [...lines.slice(0, -2), ""], /cut off: it has no end/],
      [() => [], /is empty/],
      [
        (lines: string[]) => [...lines.slice(0, -3), '{"entries":11}', ""],
        /chain \d+: ends with entry \d+, not \d+/,
      ],
      [
        (lines: string[]) => [...lines.slice(0, -2), "Mallory was here", ""],
        /a line that is no entry/,
      ],
      [(lines: string[]) => [...lines.slice(0, -2), '{"entries":1}', ""], /says 1/],
      [(lines: string[]) => [...lines.slice(0, -1), lines[1] ?? "", ""], /behind its end/],
      [
        (lines: string[]) => lines.map((line) => line.replace('"form":1', '"form":2')),
        /no archive/,
      ],
    ] as const) {
      await writeFile(first, original);
      await changed(first, change);
      const found = await problems();
      expect(found[0]).toMatch(problem);
    }
    await writeFile(first, original.subarray(0, original.length / 2));
    expect((await problems())[0]).toMatch(/unexpected end of file/);
  });

  test("are found out where one between is missing, and where a checkpoint is another one", async () => {
    const [, second] = await twoArchives();
    await log.forge((tx) =>
      tx.query("update audit.checkpoint set token = token || 'x' where number = 3"),
    );
    expect(await problems()).toEqual(["checkpoint 3 is another one in the audit log"]);
    await log.forge((tx) => tx.query("delete from audit.checkpoint where number = 3"));
    expect(await problems()).toEqual(["the audit log has no checkpoint 3"]);
    await changed(second, (lines) =>
      lines.map((line, index) =>
        index === 0 ? line.replace(/"from":\{[^}]*\}/, '"from":null') : line,
      ),
    );
    expect((await problems())[0]).toMatch(/missing/);
  });

  test("that do not begin where the ones before end are told", async () => {
    const [first] = await twoArchives();
    await rm(first);
    expect(await problems()).toEqual([
      "begins with checkpoint 2: what is between that and the beginning is not here",
    ]);
  });

  test("are not written of what is not over, not on record, or not as it was signed", async () => {
    await log.append(3);
    await log.checkpoint();
    const future = stretch("2999-01", new Date(0), new Date("2999-02-01"));
    await expect(write(future)).rejects.toThrow("2999-01 is not over");
    const past = stretch("2001-01", new Date("2001-01-01"), new Date("2001-02-01"));
    await expect(write(past)).rejects.toThrow("2001-01 is not on record");
    const until = await now();
    await log.append(1);
    await log.checkpoint();
    await log.forge((tx) =>
      tx.query(
        "update audit.entry set content = replace(content, 'alice', 'mallory') where position = 2",
      ),
    );
    await expect(write(stretch("2026-10", new Date(0), until))).rejects.toThrow(/changed/);
    expect(await problems()).toEqual(["has no archive"]);
  });

  test("are not written of a log whose end was taken off, or written anew with hashes that fit", async () => {
    await log.append(3);
    await log.checkpoint();
    const until = await now();
    await log.append(1);
    await log.checkpoint();
    const month = stretch("2026-10", new Date(0), until);
    const [last] = (await entriesAfter(log.db, { chain: CHAIN, position: 3 }, 1)) as [EntryRow];
    const content = last.content.replace("alice", "mallory");
    await log.forge((tx) =>
      tx.query("update audit.entry set content = $1, hash = $2 where chain = $3 and position = 4", [
        ...[content, entryHash(last.previousHash, content), CHAIN],
      ]),
    );
    await expect(write(month)).rejects.toThrow("not the entry that was signed");
    await log.forge((tx) =>
      tx.query("delete from audit.entry where chain = $1 and position = 4", [CHAIN]),
    );
    await expect(write(month)).rejects.toThrow(`chain ${CHAIN}, entry 4: missing`);
  });
});

test("a month is that of UTC, and nothing else is one", () => {
  expect(monthIn("2026-12")).toEqual({
    ...{ name: "2026-12", from: new Date("2026-12-01"), to: new Date("2027-01-01") },
  });
  for (const wrong of ["2026-13", "2026-1", "202610", ""]) expect(monthIn(wrong)).toBeNull();
});
