import type { X509Certificate } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Queryable } from "#service-kit/db/pool.js";
import { tokenHash } from "../checkpoint.js";
import { checkpointOf } from "../sql/checkpoints.js";
import type { ArchiveHead } from "./archive-form.js";
import { readCuts } from "../sql/cuts.js";
import { hashOf } from "./file-hash.js";
import { readArchive, type GenuineArchive } from "./read-archive.js";

/** What was found of archives. */
export interface VerifiedArchives {
  /** Those that are right by themselves, the first month first. */
  readonly archives: readonly (GenuineArchive & { readonly file: string })[];
  readonly findings: readonly { readonly file: string; readonly problem: string }[];
}

/**
 * Verifies each archive of a folder by itself, that they follow each other, and that the log has the checkpoints between which they stand.
 *
 * @param db - the audit log
 * @param folder - of archives
 * @param anchors - certificates that are trusted
 * @returns what was found
 */
export async function verifyArchives(
  db: Queryable,
  folder: string,
  anchors: readonly X509Certificate[],
): Promise<VerifiedArchives> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".ndjson.gz")).sort();
  const archives: (GenuineArchive & { file: string })[] = [];
  const findings: { file: string; problem: string }[] = [];
  for (const file of names)
    try {
      archives.push({ file, ...(await readArchive(join(folder, file), anchors)) });
    } catch (error) {
      findings.push({ file, problem: error instanceof Error ? error.message : String(error) });
    }
  archives.sort((one, other) => one.head.to.number - other.head.to.number);
  let before: ArchiveHead["to"] | null = null;
  for (const { file, head } of archives) {
    const problem = followsFrom(before, head) ?? (await differenceFromLog(db, head));
    if (problem !== null) findings.push({ file, problem });
    before = head.to;
  }
  for (const cut of await readCuts(db)) {
    const archive = archives.find(({ head }) => head.to.number === cut.number);
    const name = archive?.file ?? `archive of ${cut.month}`;
    if (archive === undefined)
      findings.push({ file: name, problem: `is not here: it ends with checkpoint ${cut.number}` });
    else if ((await hashOf(join(folder, archive.file))) !== cut.sha256)
      findings.push({ file: name, problem: "is another file than the one that entries left for" });
  }
  if (names.length === 0) findings.push({ file: folder, problem: "has no archive" });
  return { archives, findings };
}

/** @returns what is said of it, a line each */
export function reportArchives({ archives, findings }: VerifiedArchives): string[] {
  return [
    ...archives.map(({ file, entries, head }) => {
      const from = head.from === null ? "the beginning" : `checkpoint ${head.from.number}`;
      return `  ${file}: ${entries} entries, from ${from} to checkpoint ${head.to.number}`;
    }),
    ...findings.map(({ file, problem }) => `  ${file}: ${problem}`),
    findings.length === 0
      ? "the archives are as the audit log says"
      : "THE ARCHIVES ARE NOT AS THE AUDIT LOG SAYS",
  ];
}

function followsFrom(before: ArchiveHead["to"] | null, { from }: ArchiveHead): string | null {
  const wanted = before?.number ?? 0;
  const found = from?.number ?? 0;
  if (found === wanted && from?.token === before?.token) return null;
  const begins = before === null ? "the beginning" : `checkpoint ${wanted}`;
  return `begins with checkpoint ${found}: what is between that and ${begins} is not here`;
}

async function differenceFromLog(db: Queryable, { to }: ArchiveHead): Promise<string | null> {
  const row = await checkpointOf(db, to.number);
  if (row === null) return `the audit log has no checkpoint ${to.number}`;
  return tokenHash(row.token) === tokenHash(to.token)
    ? null
    : `checkpoint ${to.number} is another one in the audit log`;
}
