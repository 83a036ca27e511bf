import type { X509Certificate } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import type { Database, OwnTransaction, Queryable } from "#service-kit/db/pool.js";
import { readArchive, type ArchivedEntry } from "./read-archive.js";

const BATCH = 500;

/**
 * Reads what has left for archives beside what the log has still, as one log: whoever asks it need not know that anything has left. It
 * stands in temporary tables of one connection, and is gone after it. An archive that is not genuine is left out; where entries
 * are missing then, `verify` says so.
 *
 * @param db - the audit log; a role that may make temporary tables
 * @param archives - their folder, and the certificates that are trusted
 * @param work - asks the whole log
 * @returns what came of it
 */
export async function withArchives<T>(
  db: Database,
  archives: { readonly folder: string; readonly anchors: readonly X509Certificate[] },
  work: (whole: Database) => Promise<T>,
): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.query("set transaction isolation level repeatable read");
    for (const statement of TABLES) await tx.query(statement);
    const names = await readdir(archives.folder);
    for (const name of names.filter((one) => one.endsWith(".ndjson.gz")).sort())
      await loadArchive(tx, join(archives.folder, name), archives.anchors);
    for (const statement of VIEW) await tx.query(statement);
    return work(wholeLog(tx));
  });
}

/** By the names that statements have for the log's own. */
const TABLES = [
  `create temporary table archived_entry (
     chain smallint, position bigint, at timestamptz, action text, repository text, content text,
     previous_hash bytea, hash bytea, primary key (chain, position)) on commit drop`,
  "create index on pg_temp.archived_entry (at, chain, position)",
  "create index on pg_temp.archived_entry (repository, at)",
  "create temporary table cut (like audit.cut) on commit drop",
];
const COLUMNS = "chain, position, at, action, repository, content, previous_hash, hash";
const VIEW = [
  // What has not left, or not yet, is read where it is.
  `delete from pg_temp.archived_entry as archived using audit.entry as kept
   where kept.chain = archived.chain and kept.position = archived.position`,
  `create temporary view entry as select ${COLUMNS} from audit.entry
   union all select ${COLUMNS} from pg_temp.archived_entry`,
  "analyze pg_temp.archived_entry",
];

function wholeLog(tx: OwnTransaction): Database {
  const query: Queryable["query"] = (sql, values) =>
    tx.query(sql.replace(/\baudit\.(entry|cut)\b/g, "pg_temp.$1"), values);
  const whole: OwnTransaction = { ...tx, query, look: query };
  return {
    query,
    tell: () => undefined,
    transaction: (work) => work(whole),
    close: () => Promise.resolve(),
  };
}

const toldSchema = z.object({
  at: z.string(),
  action: z.string(),
  repository: z.string().nullable(),
});

async function loadArchive(
  tx: Queryable,
  file: string,
  anchors: readonly X509Certificate[],
): Promise<void> {
  let waiting: ArchivedEntry[] = [];
  const flush = async () => {
    await insert(tx, waiting);
    waiting = [];
  };
  try {
    await readArchive(file, anchors, async (entry) => {
      waiting.push(entry);
      if (waiting.length >= BATCH) await flush();
    });
  } catch {
    // What was loaded of it is held against the chain; `verifyArchives` says what is wrong with it.
  }
  await flush();
}

async function insert(tx: Queryable, entries: readonly ArchivedEntry[]): Promise<void> {
  const told = entries.map(({ content }) => toldSchema.safeParse(jsonOrNull(content)).data);
  await tx.query(
    `insert into pg_temp.archived_entry (${COLUMNS})
     select * from unnest($1::smallint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[],
                          $7::bytea[], $8::bytea[]) on conflict do nothing`,
    [
      entries.map(({ chain }) => chain),
      entries.map(({ position }) => position),
      told.map((one) => one?.at ?? "-infinity"),
      told.map((one) => one?.action ?? ""),
      told.map((one) => one?.repository ?? null),
      entries.map(({ content }) => content),
      entries.map(({ previousHash }) => previousHash),
      entries.map(({ hash }) => hash),
    ],
  );
}
