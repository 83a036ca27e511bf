import type { Queryable } from "#service-kit/db/pool.js";

/** What a database says of itself. */
export interface DatabaseFacts {
  /** As in `17.2`. */
  readonly version: string;
  readonly bytes: number;
}

/** @returns version and size of the database that is asked */
export async function databaseFacts(db: Queryable): Promise<DatabaseFacts> {
  const { rows } = await db.query<DatabaseFacts>(
    `select current_setting('server_version') as version,
            pg_database_size(current_database())::float8 as bytes`,
  );
  return rows[0] ?? { version: "", bytes: 0 };
}
