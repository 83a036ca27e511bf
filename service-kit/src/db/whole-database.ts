import { Fault } from "#registry-protocol/faults.js";
import type { Logger } from "../log.js";
import { repeating } from "../repeating.js";
import type { Component } from "../run-until-signal.js";
import { judgeSchema, notWhole } from "./judge-schema.js";
import { readMigrationFiles, type MigrationFile } from "./migration-files.js";
import type { Database, Queryable } from "./pool.js";
import type { RecordedMigration } from "./recorded-migrations.js";
import { WHOLE_MARK } from "./rights.js";

/** A pool that is used while its schemas are whole, and those of this version, alone. */
export interface WholeDatabase {
  /** The pool; throws Fault UNAVAILABLE with the reason while a schema is not whole, or another version's. */
  readonly db: Database;
  /** @returns why it is not used, as of the last look; `null`: no look has found a reason */
  readonly hindrance: () => string | null;
  /** Looks every few seconds, and tells of each change. */
  readonly watch: Component;
}

/** Whoever restores a backup over a running service has it refuse what it is asked for after so long. */
const EVERY_MILLISECONDS = 2_000;

interface KnownSchema {
  readonly schema: string;
  readonly files: readonly MigrationFile[];
}

/**
 * While a backup is restored its tables are there, and empty, or without their constraints. Whatever is decided by them
 * then is wrong. The mark that a schema is whole is filled last, by migrations and by `pg_restore`.
 *
 * @param db - a pool; closing it is up to whoever opened it
 * @param sets - the schemas that are used, and their migrations
 * @param log - where it is told when it stops being used, and when it is used again
 * @returns the guarded pool; it looks for itself before it is used first
 */
export function wholeDatabase(
  db: Database,
  sets: readonly { readonly schema: string; readonly directory: string }[],
  log: Pick<Logger, "error" | "info">,
): WholeDatabase {
  let files: Promise<readonly KnownSchema[]> | null = null;
  let why: string | null | undefined;
  const known = () =>
    (files ??= Promise.all(
      sets.map(async ({ schema, directory }) => ({ schema, files: await readMigrationFiles(directory) })), // prettier-ignore
    ));
  const look = async (): Promise<void> => {
    const found = await whyNotWhole(db, await known());
    if (found !== null && found !== why) log.error({ event: "database.not-whole", message: found });
    if (found === null && typeof why === "string") log.info({ event: "database.whole" });
    why = found;
  };
  const admit = async (): Promise<void> => {
    if (why === undefined) await look();
    if (typeof why === "string") throw new Fault("UNAVAILABLE", { message: why });
  };
  const guarded = <T>(work: () => Promise<T>): Promise<T> =>
    why === null ? work() : admit().then(work);
  return {
    db: {
      query: (sql, values, name) => guarded(() => db.query(sql, values, name)),
      transaction: (work, about) => guarded(() => db.transaction(work, about)),
      tell: (channel, payload) => {
        db.tell(channel, payload);
      },
      close: () => db.close(),
    },
    hindrance: () => why ?? null,
    watch: repeating("schema", 0, async () => {
      // A database that does not answer says nothing of its schemas.
      await look().catch(() => undefined);
      return EVERY_MILLISECONDS;
    }),
  };
}

async function whyNotWhole(db: Queryable, known: readonly KnownSchema[]): Promise<string | null> {
  const { rows: marks } = await db.query<{ schema: string; isWhole: boolean | null }>(
    `select nspname as schema, relispopulated as "isWhole"
     from pg_namespace n left join pg_class c on relnamespace = n.oid and relname = $2 and relkind = 'm'
     where nspname = any ($1)`,
    [known.map(({ schema }) => schema), WHOLE_MARK],
  );
  for (const { schema } of known) {
    const mark = marks.find((one) => one.schema === schema);
    if (mark === undefined) return `the database has no schema ${schema}: is it being restored?`;
    if (mark.isWhole === null) return `schema ${schema} has no mark that it is whole: the owner has to migrate, or it is being restored (docs/database.md)`; // prettier-ignore
    if (!mark.isWhole) return notWhole(schema);
  }
  const reads = known.map(({ schema }) => `select '${schema}' as schema, name, sha256, needs from ${schema}.${WHOLE_MARK}`); // prettier-ignore
  const { rows } = await db.query<RecordedMigration & { schema: string }>(
    reads.join(" union all "),
  );
  for (const { schema, files } of known) {
    const recorded = rows.filter((row) => row.schema === schema);
    const { refusal, pending } = judgeSchema(schema, files, recorded);
    if (refusal !== null) return refusal;
    if (pending.length > 0) return `schema ${schema} lacks migration ${pending[0] ?? ""}: the owner has to migrate (docs/database.md)`; // prettier-ignore
  }
  return null;
}
