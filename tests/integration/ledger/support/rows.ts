import { SYSTEM, type AuditActor } from "#audit-log/entry.js";
import { parseDigest, type Digest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** Two repositories whose rows are alike but for the repository. */
export const APP = parseRepositoryName("alpha/app");
export const SHOP = parseRepositoryName("alpha/shop");
export const REPOSITORIES = [APP, SHOP];
export const FIRST = parseTag("first");
export const SECOND = parseTag("second");
export const [ONE, TWO, THREE] = ["1", "2", "3"].map((digit) =>
  parseDigest(`sha256:${digit.repeat(64)}`),
) as [Digest, Digest, Digest];
export const ALICE: AuditActor = { ...SYSTEM, uid: "alice", realm: "/employees", kind: "oauth2" };

/** Columns of a tag or manifest that was deleted, and of one that was not. */
export const BURIED = "deleted_at = now(), deleted_by = 'bob'";
export const STANDING = "deleted_at = null, deleted_by = null";

/** In both repositories a tag that means the first manifest, and one that means the second. */
export async function fillTags(db: Queryable): Promise<void> {
  await db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     select repository, name, digest, 'alice', now() - interval '1 day'
     from unnest($1::text[]) as repository, (values ('first', $2), ('second', $3)) as tag (name, digest)`,
    [REPOSITORIES, ONE, TWO],
  );
}

/** In both repositories two manifests. */
export async function fillManifests(db: Queryable): Promise<void> {
  await db.query(
    `insert into ledger.manifest (repository, digest, media_type, content)
     select repository, digest, repository, convert_to(repository || digest, 'UTF8')
     from unnest($1::text[]) as repository, unnest($2::text[]) as digest`,
    [REPOSITORIES, [ONE, TWO]],
  );
}

/**
 * @param db - the ledger, once it is there
 * @returns what writes rows of its tables: which columns, and where; absent: everywhere
 */
export function updating(
  db: () => Queryable,
): (table: "tag" | "manifest", values: string, where?: string) => Promise<unknown> {
  return (table, values, where = "true") =>
    db().query(`update ledger.${table} set ${values} where ${where}`);
}

const KEYS = {
  tag: "repository || ':' || name",
  manifest: "repository || '@' || digest",
  unanswered_write: "repository || ':' || tag || '@' || digest",
  manifest_push: "repository || '@' || digest",
  past_manifest: "repository || '@' || digest",
};

/**
 * @param db - the ledger
 * @param table - in which of its tables
 * @param work - what is done
 * @returns keys of the rows that it added, wrote or deleted, also where they say the same as before
 */
export async function written(
  db: Queryable,
  table: keyof typeof KEYS,
  work: () => Promise<unknown>,
): Promise<string[]> {
  const versions = async () => {
    const { rows } = await db.query<{ key: string; version: string }>(
      `select ${KEYS[table]} as key, xmin::text as version from ledger.${table} order by 1`,
    );
    return new Map(rows.map(({ key, version }) => [key, version]));
  };
  const before = await versions();
  await work();
  const after = await versions();
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => before.get(key) !== after.get(key))
    .map((key) => key.replace(/sha256:(.)\1+/, "$1"));
}
