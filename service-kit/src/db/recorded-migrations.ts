import type pg from "pg";
import type { MigrationFile } from "./migration-files.js";
import { MIGRATION_TABLE, WHOLE_MARK } from "./rights.js";

/** A migration that a database has. */
export interface RecordedMigration {
  readonly name: string;
  /** Of the file that was applied; `null`: it was applied before this was recorded. */
  readonly sha256: string | null;
  readonly needs: string | null;
}

type Client = Pick<pg.ClientBase, "query">;

/**
 * @param client - connection of the schema's owner
 * @param schema - name of a schema
 * @returns the migrations that it has
 */
export async function recordedMigrations(
  client: Client,
  schema: string,
): Promise<readonly RecordedMigration[]> {
  const columns = await columnsOf(client, schema);
  if (columns.length === 0) return [];
  const recorded = columns.includes("sha256") ? "sha256, needs" : "null as sha256, null as needs";
  const { rows } = await client.query<RecordedMigration>(
    `select name, ${recorded} from ${schema}.${MIGRATION_TABLE}`,
  );
  return rows;
}

/**
 * Records what was applied, where that has not been done, and makes the mark that the schema is whole, still empty.
 *
 * @param client - connection of the schema's owner
 * @param schema - name of a schema
 * @param files - migrations of this version, all of which it has
 */
export async function recordMigrations(
  client: Client,
  schema: string,
  files: readonly MigrationFile[],
): Promise<void> {
  const table = `${schema}.${MIGRATION_TABLE}`;
  // Whoever alters a table waits for its readers, even when there is nothing to alter.
  if (!(await columnsOf(client, schema)).includes("sha256"))
    await client.query(`alter table ${table} add column sha256 text, add column needs text`);
  await client.query(
    `update ${table} as kept set sha256 = file.sha256, needs = file.needs
     from unnest($1::text[], $2::text[], $3::text[]) as file (name, sha256, needs)
     where kept.name = file.name and kept.sha256 is null`,
    [files.map(({ name }) => name), files.map(({ sha256 }) => sha256), files.map(({ needs }) => needs)], // prettier-ignore
  );
  if ((await columnsOf(client, schema, WHOLE_MARK)).length > 0) return;
  await client.query(
    `create materialized view ${schema}.${WHOLE_MARK} as select name, sha256, needs from ${table} with no data;
     comment on materialized view ${schema}.${WHOLE_MARK} is
       'filled last, by migrations and by whoever restores a backup: the schema is whole, and has these migrations'`,
  );
}

/**
 * Fills the mark, unless it says what it has to already: services look at it all the time.
 *
 * @param client - connection of the schema's owner
 * @param schema - name of a schema
 */
export async function markWhole(client: Client, schema: string): Promise<void> {
  const mark = `${schema}.${WHOLE_MARK}`;
  if (await isFilled(client, mark)) {
    const { rowCount } = await client.query(
      `(table ${mark} except select name, sha256, needs from ${schema}.${MIGRATION_TABLE})
       union all (select name, sha256, needs from ${schema}.${MIGRATION_TABLE} except table ${mark})`,
    );
    if (rowCount === 0) return;
  }
  await client.query(`refresh materialized view ${mark}`);
}

/**
 * @param client - a connection
 * @param schema - name of a schema
 * @returns whether its mark stands there empty: a restore makes it first and fills it last, migrations do both at once
 */
export async function isBeingRestored(client: Client, schema: string): Promise<boolean> {
  return (await isFilled(client, `${schema}.${WHOLE_MARK}`)) === false;
}

/** @returns `null`: there is no mark */
async function isFilled(client: Client, mark: string): Promise<boolean | null> {
  const { rows } = await client.query<{ is: boolean }>(
    "select relispopulated as is from pg_class where oid = to_regclass($1)",
    [mark],
  );
  return rows[0]?.is ?? null;
}

async function columnsOf(
  client: Client,
  schema: string,
  table: string = MIGRATION_TABLE,
): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select attname as name from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`,
    [`${schema}.${table}`],
  );
  return rows.map(({ name }) => name);
}
