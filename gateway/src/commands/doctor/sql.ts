import type { connectWritable } from "#service-kit/db/servers.js";
import type { MigrationSet } from "#service-kit/db/migrate.js";

/** A connection that is no pool's: what goes wrong is told as the server told it. */
export type Connection = Awaited<ReturnType<typeof connectWritable>>;
type Client = Pick<Connection, "query">;

/** What a server says of itself and of a connection to it. */
export interface ServerFacts {
  /** As in `17.2`. */
  readonly version: string;
  readonly isReadOnly: boolean;
  /** As in `TLSv1.3`; `null`: it is not encrypted. */
  readonly tls: string | null;
  readonly mostConnections: number;
  /** As far as the role may see them. */
  readonly connections: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** @returns what a server says of itself */
export async function serverFacts(client: Client): Promise<ServerFacts> {
  const { rows } = await client.query<ServerFacts>(
    `select current_setting('server_version') as version,
            current_setting('transaction_read_only') = 'on' as "isReadOnly",
            (select case when ssl then version end from pg_stat_ssl where pid = pg_backend_pid()) as tls,
            current_setting('max_connections')::int as "mostConnections",
            (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections,
            extract(epoch from clock_timestamp())::float8 * 1000 as at`,
  );
  const [facts] = rows;
  if (facts === undefined) throw new Error("it says nothing of itself");
  return facts;
}

/**
 * @param client - connection of the gateway's role
 * @param set - a schema, and what the gateway needs there
 * @returns rights that the role lacks, as in `insert on ledger.tag`; of tables that are not there yet none
 */
export async function missingRights(
  client: Client,
  { schema, rights }: MigrationSet,
): Promise<string[]> {
  const tables = Object.entries(rights?.tables ?? {}).flatMap(([table, by]) =>
    (by.gateway ?? []).map((privilege) => ({ name: `${schema}.${table}`, privilege })),
  );
  const functions = Object.entries(rights?.functions ?? {}).flatMap(([signature, by]) =>
    by.includes("gateway") ? [`${schema}.${signature}`] : [],
  );
  const { rows } = await client.query<{ lacking: string }>(
    `select privilege || ' on ' || name as lacking
     from unnest($1::text[], $2::text[]) as wanted (name, privilege)
     where not has_schema_privilege($4, 'usage') or not has_table_privilege(to_regclass(name), privilege)
     union all
     select 'execute on ' || signature from unnest($3::text[]) as wanted (signature)
     where not has_schema_privilege($4, 'usage') or not has_function_privilege(to_regprocedure(signature), 'execute')`,
    [tables.map(({ name }) => name), tables.map(({ privilege }) => privilege), functions, schema],
  );
  return rows.map(({ lacking }) => lacking);
}

/** @returns whether there is a schema of that name */
export async function hasSchema(client: Client, schema: string): Promise<boolean> {
  const { rows } = await client.query("select from pg_namespace where nspname = $1", [schema]);
  return rows.length > 0;
}
