import { KNOWN_REPOSITORIES } from "#audit-log/sql/ledger-names.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { SeenTag } from "../../drift/seen-tag.js";

/** Columns of a {@link SeenTag}. */
export const SEEN_TAG = `repository, name as tag, digest, pushed_at::text as version,
  locked_at is not null as locked, missing_since is not null as missing,
  (missing_sightings > 0 or drift_digest is not null) as marked`;
/** What has a digest in the ledger. */
export const KNOWN = `digest is not null and deleted_at is null`;
/** That, and nobody is pushing it. */
export const LIVE = `${KNOWN} and reservation is null`;

/**
 * Makes room for what the registry lists: tables that nobody else sees and that go with the session. Nothing that is
 * written on it has to last: no commit waits for the disk.
 */
export async function openStaging(session: Queryable): Promise<void> {
  await session.query("set synchronous_commit = off");
  await session.query(
    `create temp table listed_repository (name text primary key, clean boolean not null default false)`,
  );
  await session.query(`create temp table listed_tag (name text primary key)`);
  await session.query(
    `create temp table checked_tag (repository text, name text, primary key (repository, name))`,
  );
}

/** Notes repositories that the registry lists. */
export async function stageRepositories(
  session: Queryable,
  names: readonly string[],
): Promise<void> {
  await session.query(
    `insert into listed_repository (name) select unnest($1::text[]) on conflict do nothing`,
    [names],
  );
}

/** Notes that the tags of repositories were listed to the end. */
export async function markClean(
  session: Queryable,
  repositories: readonly RepositoryName[],
): Promise<void> {
  await session.query(`update listed_repository set clean = true where name = any ($1)`, [
    repositories,
  ]);
}

/** @returns listed repositories that come after a name, in the database's own order */
export async function listedRepositories(
  session: Queryable,
  after: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `select name from listed_repository where name > $1 order by name limit $2`,
    [after, limit],
  );
  return rows.map(({ name }) => name);
}

/** Forgets the tags of the repository before. */
export async function clearTags(session: Queryable): Promise<void> {
  await session.query(`truncate listed_tag`);
}

/** Notes tags that the registry lists, and returns how many of them were new. */
export async function stageTags(session: Queryable, names: readonly string[]): Promise<number> {
  const { rowCount } = await session.query(
    `insert into listed_tag (name) select unnest($1::text[]) on conflict do nothing`,
    [names],
  );
  return rowCount ?? 0;
}

/** @returns whether the registry lists it */
export async function isStaged(session: Queryable, name: string): Promise<boolean> {
  const { rowCount } = await session.query(`select from listed_tag where name = $1`, [name]);
  return rowCount !== 0;
}

/** Lets Postgres know how many tags there are, which it cannot see by itself. */
export async function countStaged(session: Queryable): Promise<void> {
  await session.query(`analyze listed_tag`);
}

/** @returns listed tags after a name that the ledger has never heard of */
export async function unknownTags(
  session: Queryable,
  repository: RepositoryName,
  after: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `select listed.name from listed_tag as listed
     where listed.name > $2 and not exists
       (select 1 from ledger.tag where repository = $1 and tag.name = listed.name)
     order by listed.name limit $3`,
    [repository, after, limit],
  );
  return rows.map(({ name }) => name);
}

/**
 * @param session - with the repository's tags staged
 * @param repository - the repository
 * @param page - tags after this name, as many, and only those that stood before the registry was asked
 * @returns tags of the ledger that the registry does not list, or that were wrong before
 */
export async function suspectTags(
  session: Queryable,
  repository: RepositoryName,
  page: { readonly after: string; readonly limit: number; readonly askedAt: string },
): Promise<SeenTag[]> {
  const { rows } = await session.query<SeenTag>(
    `select ${SEEN_TAG} from ledger.tag
     where repository = $1 and name > $2 and ${LIVE} and pushed_at < $4::timestamptz
       and (missing_sightings > 0 or drift_digest is not null
            or not exists (select 1 from listed_tag as listed where listed.name = tag.name))
     order by name limit $3`,
    [repository, page.after, page.limit, page.askedAt],
  );
  return rows;
}

/** @returns repositories after a name with tags that should stand, which the registry's whole catalog does not name */
export async function unlistedRepositories(
  session: Queryable,
  askedAt: string,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `with recursive ${KNOWN_REPOSITORIES}
     select name from known
     where name is not null and name > $3
       and not exists (select 1 from listed_repository as listed where listed.name = known.name)
       and exists (select 1 from ledger.tag
                   where repository = known.name and ${LIVE} and missing_since is null
                     and pushed_at < $1::timestamptz)
     order by name limit $2`,
    [askedAt, limit, after],
  );
  return rows.map(({ name }) => name);
}
