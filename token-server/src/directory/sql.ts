import type { Queryable } from "#service-kit/db/pool.js";
import type { DirectoryApp, DirectoryTeam, DirectoryUser } from "#access-policy/directory.js";
import type { ListedService } from "./directory-snapshot.js";

/** All rows, as of one moment. */
export interface DirectoryRows {
  readonly version: string;
  readonly users: readonly DirectoryUser[];
  readonly teams: readonly DirectoryTeam[];
  readonly apps: readonly DirectoryApp[];
  readonly services: readonly ListedService[];
  readonly privileges: readonly { readonly privilege: string; readonly holder: string }[];
}

/** @returns what is counted up by each change of the directory */
export async function readVersion(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ version: string }>(
    "select version::text from token_server.directory_version",
  );
  return rows[0]?.version ?? "";
}

/** @returns the whole directory, by one statement and so as of one moment */
export async function readRows(db: Queryable): Promise<DirectoryRows> {
  const { rows } = await db.query<DirectoryRows>(
    `select (select version::text from token_server.directory_version) as version,
       coalesce((select json_agg(json_build_object('id', id, 'realm', realm, 'uid', uid, 'primaryTeam', primary_team) order by id)
         from token_server.directory_user), '[]') as users,
       coalesce((select json_agg(json_build_object('id', id, 'name', name) order by id)
         from token_server.directory_team), '[]') as teams,
       coalesce((select json_agg(json_build_object('id', id, 'code', code, 'responsibles', responsibles,
           'publications', publications) order by id)
         from token_server.directory_app), '[]') as apps,
       coalesce((select json_agg(json_build_object('name', name, 'app', app, 'workload', workload) order by name)
         from token_server.directory_service), '[]') as services,
       coalesce((select json_agg(json_build_object('privilege', privilege, 'holder', holder) order by holder, privilege)
         from token_server.directory_privilege), '[]') as privileges`,
  );
  const [found] = rows;
  if (found === undefined) throw new TypeError("a select without a table has one row");
  return found;
}

/** Counts the directory's version up, and holds it until the end of the transaction: changes come one after the other. */
export async function bumpVersion(tx: Queryable): Promise<void> {
  await tx.query("update token_server.directory_version set version = version + 1");
}
