import { readdir } from "node:fs/promises";
import type pg from "pg";
import { MIGRATION_TABLE } from "./rights.js";

/** What the role of a connection may do that only an owner should. */
export interface OwnRole {
  readonly name: string;
  readonly isSuperuser: boolean;
  /** Whether it owns the schema, or may make it while there is none: so it can migrate. */
  readonly isOwner: boolean;
}

/**
 * @param client - a connection
 * @param schema - name of a schema
 * @returns the role of the connection
 */
export async function examineRole(
  client: Pick<pg.ClientBase, "query">,
  schema: string,
): Promise<OwnRole> {
  const { rows } = await client.query<OwnRole>(
    `select current_user::text as name,
            (select rolsuper from pg_roles where rolname = current_user) as "isSuperuser",
            coalesce(
              (select pg_has_role(nspowner, 'usage') from pg_namespace where nspname = $1),
              has_database_privilege(current_database(), 'create')
            ) as "isOwner"`,
    [schema],
  );
  return rows[0] ?? { name: "", isSuperuser: false, isOwner: false };
}

/**
 * @param client - connection of a role that may not migrate
 * @param set - migrations of a schema
 * @returns names of those that have not been applied
 */
export async function pendingMigrations(
  client: Pick<pg.ClientBase, "query">,
  { schema, directory }: { readonly schema: string; readonly directory: string },
): Promise<string[]> {
  const files = await readdir(directory);
  const names = files.filter((file) => file.endsWith(".sql")).map((file) => file.slice(0, -4));
  const applied = new Set(await appliedMigrations(client, schema));
  return names.filter((name) => !applied.has(name)).sort();
}

async function appliedMigrations(
  client: Pick<pg.ClientBase, "query">,
  schema: string,
): Promise<string[]> {
  const table = `${schema}.${MIGRATION_TABLE}`;
  const { rows: found } = await client.query<{ readable: boolean }>(
    `select coalesce(has_table_privilege(c.oid, 'select')
              and has_schema_privilege(n.oid, 'usage'), false) as readable
     from pg_namespace n left join pg_class c on c.relnamespace = n.oid and c.relname = $2
     where n.nspname = $1`,
    [schema, MIGRATION_TABLE],
  );
  if (found[0]?.readable !== true) return [];
  const { rows } = await client.query<{ name: string }>(`select name from ${table}`);
  return rows.map(({ name }) => name);
}
