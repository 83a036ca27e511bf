import type { X509Certificate } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import {
  firstCheckpointFrom,
  hasCheckpointBefore,
  type CheckpointRow,
} from "../sql/checkpoints.js";
import { lastCut } from "../sql/cuts.js";
import { entriesAfter } from "../sql/entries.js";
import { faultOf } from "../verify/check-entry.js";
import { readCheckpoint } from "../verify/verify-checkpoint.js";
import { placesAt, type ChainPlace } from "../chain-places.js";
import { ARCHIVE, archived, type Month } from "./archive-form.js";

/** A month that cannot be archived, and why. */
export class ArchiveRefusal extends Error {
  override readonly name = "ArchiveRefusal";
}

/** What was written. */
export interface WrittenArchive {
  readonly file: string;
  readonly entries: number;
  /** Numbers of the checkpoints between which they stand; 0: the beginning. */
  readonly from: number;
  readonly to: number;
}

const BATCH = 500;

/** @returns where the archive of a month is */
export function archiveFile(folder: string, month: Month): string {
  return join(folder, `audit-${month.name}.ndjson.gz`);
}

/**
 * Writes the entries of a month into a file. It reaches from the first checkpoint of the month to the first of the next, so that both
 * ends are signed, the archives of all months follow each other, and nothing has to be signed for it.
 *
 * @param db - the audit log, from which nothing is removed
 * @param month - which; it has to be over
 * @param options - the folder, and the certificates that are trusted
 * @returns what was written; a file that is there already stays as it is
 * @throws ArchiveRefusal when the month is not over, is not in the log, or the log is not as its checkpoints say
 */
export async function writeArchive(
  db: Database,
  month: Month,
  { folder, anchors }: { readonly folder: string; readonly anchors: readonly X509Certificate[] },
): Promise<WrittenArchive> {
  const file = archiveFile(folder, month);
  const partial = `${file}.partial`;
  return db.transaction(async (tx) => {
    await tx.query("set transaction isolation level repeatable read read only");
    const { from, to } = await endsOf(tx, month);
    const [begin, end] = [from, to].map((row) =>
      placesAt(row === null ? null : readCheckpoint(row, anchors).checkpoint),
    );
    let entries = 0;
    async function* lines(): AsyncGenerator<string> {
      const ends = { from: from === null ? null : archived(from), to: archived(to) };
      yield lineOf({ archive: ARCHIVE, form: 1, month: month.name, ...ends });
      for (const [chain, place] of (begin ?? []).entries())
        for await (const line of chainLines(tx, chain, place, end?.[chain] ?? place)) {
          entries += 1;
          yield line;
        }
      yield lineOf({ entries });
    }
    try {
      await pipeline(Readable.from(lines()), createGzip(), createWriteStream(partial));
      await rename(partial, file);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    return { file, entries, from: from?.number ?? 0, to: to.number };
  });
}

async function endsOf(
  tx: Queryable,
  month: Month,
): Promise<{ readonly from: CheckpointRow | null; readonly to: CheckpointRow }> {
  const to = await firstCheckpointFrom(tx, month.to);
  if (to === null)
    throw new ArchiveRefusal(`${month.name} is not over: no checkpoint was made since it ended`);
  if (!(await hasCheckpointBefore(tx, month.to)))
    throw new ArchiveRefusal(`${month.name} is not on record: the first checkpoint is later`);
  const cut = await lastCut(tx);
  if (cut !== null && to.number <= cut.number)
    throw new ArchiveRefusal(`${month.name} has left for an archive already`);
  const isFirst = !(await hasCheckpointBefore(tx, month.from));
  return { from: isFirst ? null : await firstCheckpointFrom(tx, month.from), to };
}

async function* chainLines(
  tx: Queryable,
  chain: number,
  begin: ChainPlace,
  end: ChainPlace,
): AsyncGenerator<string> {
  let { position, hash } = begin;
  while (position < end.position) {
    const limit = Math.min(BATCH, end.position - position);
    const rows = await entriesAfter(tx, { chain, position }, limit);
    if (rows.length === 0) throw broken(chain, position + 1, "missing");
    for (const row of rows) {
      const fault = faultOf(row, { position: position + 1, previousHash: hash });
      if (fault !== null) throw broken(chain, position + 1, fault);
      ({ position, hash } = row);
      yield lineOf({ chain, position, content: row.content });
    }
  }
  if (!hash.equals(end.hash)) throw broken(chain, position, "not the entry that was signed");
}

function broken(chain: number, position: number, problem: string): ArchiveRefusal {
  return new ArchiveRefusal(
    `chain ${chain}, entry ${position}: ${problem}; npm run verify tells more`,
  );
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
