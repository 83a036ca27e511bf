import type { X509Certificate } from "node:crypto";
import { join } from "node:path";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { SUBJECT_LOCKS } from "#service-kit/db/locks.js";
import { tokenHash } from "../checkpoint.js";
import type { AuditActor } from "../entry.js";
import type { RecordAudit } from "../record-audit.js";
import { cutPlaces, insertCut, lastCut, removeBehind, type Cut } from "../sql/cuts.js";
import { entriesAfter } from "../sql/entries.js";
import { readCheckpoint } from "../verify/verify-checkpoint.js";
import { placesAt } from "../chain-places.js";
import type { ArchiveHead, Month } from "./archive-form.js";
import { hashOf } from "./file-hash.js";
import { stateAgain } from "./state-again.js";
import { verifyArchives } from "./verify-archives.js";
import { ArchiveRefusal } from "./write-archive.js";

/** What removing needs. */
export interface RemoveDeps {
  /** The audit log, as the owner of its tables. */
  readonly db: Database;
  readonly audit: RecordAudit;
  /** Where all archives are, from the first month on. */
  readonly folder: string;
  readonly anchors: readonly X509Certificate[];
  /** Who removes them. */
  readonly actor: AuditActor;
}

/** Of each chain, in one transaction. */
const BATCH = 500;

/**
 * Removes the entries of a month from the log's table. All archives up to it have to be there and genuine, to follow each other, and
 * to end with the very checkpoints of the log. The cut goes on record before the first entry goes: whoever is killed on the way goes on
 * by asking again.
 *
 * @param deps - the log, and the archives
 * @param month - which
 * @returns how many entries were removed now
 * @throws ArchiveRefusal when an archive is missing or wrong, or a month before it has not left
 */
export async function removeArchived(deps: RemoveDeps, month: Month): Promise<number> {
  const { db, folder, anchors } = deps;
  const { archives, findings } = await verifyArchives(db, folder, anchors);
  const [wrong] = findings;
  if (wrong !== undefined) throw new ArchiveRefusal(`${wrong.file}: ${wrong.problem}`);
  const archive = archives.find(({ head }) => head.month === month.name);
  if (archive === undefined) throw new ArchiveRefusal(`${folder} has no archive of ${month.name}`);
  const sha256 = await hashOf(join(folder, archive.file));
  await db.transaction((tx) => makeCut(tx, deps, archive.head, sha256));
  let removed = 0;
  for (let gone = -1; gone !== 0; removed += gone)
    gone = await db.transaction((tx) => removeBehind(tx, archive.head.to.number, BATCH));
  return removed;
}

/** One at a time, as facts go on record. */
async function makeCut(
  tx: Queryable,
  { audit, anchors, actor }: RemoveDeps,
  { month, from, to }: ArchiveHead,
  sha256: string,
): Promise<void> {
  await tx.query("select pg_advisory_xact_lock($1, hashtext('cut'))", [SUBJECT_LOCKS.facts]);
  const last = await lastCut(tx);
  if (last?.number === to.number && last.sha256 === sha256) return;
  refuseUnlessNext(last, { month, from, to });
  const places = placesAt(readCheckpoint(to, anchors).checkpoint);
  const gone = last === null ? null : await cutPlaces(tx, last.number);
  for (const [chain, { position, hash }] of places.entries()) {
    // Of a chain that has not grown since, it has left.
    if (position <= (gone?.get(chain) ?? 0)) continue;
    const [entry] = await entriesAfter(tx, { chain, position: position - 1 }, 1);
    if (entry?.position !== position || !entry.hash.equals(hash))
      throw new ArchiveRefusal(`chain ${chain}, entry ${position}: not the one in the archive`);
  }
  const positions = places.map(({ position }) => position);
  const about = { repository: null, tag: null, digest: null };
  const more = { checkpoint: to.number, checkpointSha256: tokenHash(to.token) };
  await audit(tx, {
    ...{ action: "entries.removed", actor, ...about, reason: "they are in an archive" },
    detail: { month, sha256, ...more, entries: to.entries },
  });
  await stateAgain(tx, audit, positions);
  await insertCut(
    tx,
    { number: to.number, until: to.at, month, sha256, entries: to.entries },
    positions,
  );
}

function refuseUnlessNext(
  last: Cut | null,
  { month, from, to }: Pick<ArchiveHead, "month" | "from" | "to">,
): void {
  if (last !== null && last.number >= to.number)
    throw new ArchiveRefusal(`${month} has left already`);
  if ((last?.number ?? 0) !== (from?.number ?? 0))
    throw new ArchiveRefusal(
      `what is before ${month} has not left: remove the months before it first`,
    );
}
