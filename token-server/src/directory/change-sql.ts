import type { Queryable } from "#service-kit/db/pool.js";

/** @returns whether they are in the directory now; `false`: somebody else has that name */
export async function setUser(
  tx: Queryable,
  {
    realm,
    uid,
    primaryTeam,
  }: { readonly realm: string; readonly uid: string; readonly primaryTeam: string | null },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into token_server.directory_user (realm, uid, primary_team) values ($1, $2, $3)
     on conflict (uid) do update set primary_team = excluded.primary_team
     where token_server.directory_user.realm = excluded.realm`,
    [realm, uid, primaryTeam],
  );
  return rowCount === 1;
}

/** @returns whether there was such a user */
export async function removeUser(
  tx: Queryable,
  { realm, uid }: { readonly realm: string; readonly uid: string },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    "delete from token_server.directory_user where realm = $1 and uid = $2",
    [realm, uid],
  );
  return rowCount === 1;
}

/** Gives a team a number, if it has none. */
export async function setTeam(tx: Queryable, name: string): Promise<void> {
  await tx.query(
    "insert into token_server.directory_team (name) values ($1) on conflict (name) do nothing",
    [name],
  );
}

/** Makes an application, or changes whose it is. */
export async function setApp(
  tx: Queryable,
  app: {
    readonly code: string;
    readonly responsibles: readonly string[];
    readonly publications: readonly string[];
  },
): Promise<void> {
  await tx.query(
    `insert into token_server.directory_app (code, responsibles, publications) values ($1, $2, $3)
     on conflict (code) do update
     set responsibles = excluded.responsibles, publications = excluded.publications`,
    [app.code, app.responsibles, app.publications],
  );
}

/** @returns whether there was such an application */
export async function removeApp(tx: Queryable, code: string): Promise<boolean> {
  const { rowCount } = await tx.query("delete from token_server.directory_app where code = $1", [
    code,
  ]);
  return rowCount === 1;
}

/** Gives a privilege, if the holder has it not. */
export async function givePrivilege(
  tx: Queryable,
  { privilege, holder }: { readonly privilege: string; readonly holder: string },
): Promise<void> {
  await tx.query(
    `insert into token_server.directory_privilege (privilege, holder) values ($1, $2)
     on conflict do nothing`,
    [privilege, holder],
  );
}

/** @returns whether the holder had it */
export async function takePrivilege(
  tx: Queryable,
  { privilege, holder }: { readonly privilege: string; readonly holder: string },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    "delete from token_server.directory_privilege where privilege = $1 and holder = $2",
    [privilege, holder],
  );
  return rowCount === 1;
}
