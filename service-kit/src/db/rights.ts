import pg from "pg";

/** Roles of `deploy/sql/roles.sql`, by whose they are. */
export const SERVICE_ROLES = {
  gateway: "wharfinger_gateway",
  tokenServer: "wharfinger_token_server",
  auditor: "wharfinger_auditor",
} as const;
export type ServiceRole = keyof typeof SERVICE_ROLES;

/** What can be done with a table. */
export type Privilege = "select" | "insert" | "update" | "delete";

/** What each role may do in a schema; what is not here, nobody may but the owner. */
export interface SchemaRights {
  readonly tables: Readonly<
    Record<string, Readonly<Partial<Record<ServiceRole, readonly Privilege[]>>>>
  >;
  /** Who may call which function, by its signature as in `append(integer, text)`. */
  readonly functions?: Readonly<Record<string, readonly ServiceRole[]>>;
}

/** The table in which migrations are listed; everybody may see whether the schema is up to date. */
export const MIGRATION_TABLE = "migration";
/** What is filled last, so that everybody may see whether the schema is whole: a materialized view, as `pg_restore` has it. */
export const WHOLE_MARK = "whole";

/**
 * Gives every role that exists in the cluster the rights that are declared, and takes from it all others, at once.
 *
 * @param client - connection of the schema's owner
 * @param schema - name of the schema
 * @param rights - what each role may do in it
 */
export async function grantRights(
  client: Pick<pg.ClientBase, "query">,
  schema: string,
  rights: SchemaRights,
): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "select rolname as name from pg_roles where rolname = any ($1)",
    [Object.values(SERVICE_ROLES)],
  );
  const present = new Set(rows.map(({ name }) => name));
  const roles = roleNames().filter((role) => present.has(SERVICE_ROLES[role]));
  if (roles.length === 0) return;
  const there = await presentTables(client, schema, rights);
  const wanted = roles.flatMap((role) => grantsOf(role, schema, there));
  const statements = [...roles.flatMap((role) => revocations(role, schema)), ...wanted];
  // Without parameters it is one transaction, or part of the one that there is.
  await client.query(statements.join(";\n"));
}

/** While services are replaced one after the other, one of before may run that knows nothing of a newer table, or more. */
async function presentTables(
  client: Pick<pg.ClientBase, "query">,
  schema: string,
  rights: SchemaRights,
): Promise<SchemaRights> {
  const { rows } = await client.query<{ name: string }>(
    "select tablename as name from pg_tables where schemaname = $1",
    [schema],
  );
  const names = new Set(rows.map(({ name }) => name));
  const tables = Object.entries(rights.tables).filter(([name]) => names.has(name));
  return { ...rights, tables: Object.fromEntries(tables) };
}

function roleNames(): ServiceRole[] {
  return Object.keys(SERVICE_ROLES) as ServiceRole[];
}

function revocations(role: ServiceRole, schema: string): string[] {
  const [name, within] = [SERVICE_ROLES[role], pg.escapeIdentifier(schema)];
  return [
    `revoke all on schema ${within} from ${name}`,
    ...["tables", "sequences", "functions"].map(
      (kind) => `revoke all on all ${kind} in schema ${within} from ${name}`,
    ),
  ];
}

function grantsOf(role: ServiceRole, schema: string, rights: SchemaRights): string[] {
  const [name, within] = [SERVICE_ROLES[role], pg.escapeIdentifier(schema)];
  const tables = Object.entries(rights.tables).flatMap(([table, by]) => {
    const privileges = by[role] ?? [];
    return privileges.length === 0
      ? []
      : [`grant ${privileges.join(", ")} on ${within}.${pg.escapeIdentifier(table)} to ${name}`];
  });
  const functions = Object.entries(rights.functions ?? {}).flatMap(([signature, by]) =>
    by.includes(role) ? [`grant execute on function ${within}.${signature} to ${name}`] : [],
  );
  if (tables.length + functions.length === 0) return [];
  return [
    `grant usage on schema ${within} to ${name}`,
    `grant select on ${within}.${MIGRATION_TABLE}, ${within}.${WHOLE_MARK} to ${name}`,
    ...tables,
    ...functions,
  ];
}
