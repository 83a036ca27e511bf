import type { Queryable } from "#service-kit/db/pool.js";
import type { Registry, RegistryFacts } from "./registry.js";

const COLUMNS = `service, url, insecure, restricted, publications, responsibles, description, is_own as "isOwn",
  created_by as "createdBy", created_at as "createdAt", changed_by as "changedBy", changed_at as "changedAt"`;

/** More are none that somebody runs: each is held in memory, and asked by every search over all. */
const MOST_REGISTRIES = 200;

/** @returns all registries by name */
export async function listRegistries(db: Queryable): Promise<Registry[]> {
  const { rows } = await db.query<Registry>(
    `select ${COLUMNS} from token_server.registry order by service limit ${MOST_REGISTRIES}`,
  );
  return rows;
}

/** @returns the registry, held until the transaction ends; `null`: there is none */
export async function lockRegistry(tx: Queryable, service: string): Promise<Registry | null> {
  const { rows } = await tx.query<Registry>(
    `select ${COLUMNS} from token_server.registry where service = $1 for update`,
    [service],
  );
  return rows[0] ?? null;
}

/** @returns the new registry; `null`: there is one of that name, or there are as many as there may be */
export async function insertRegistry(
  tx: Queryable,
  made: RegistryFacts & { readonly isOwn: boolean; readonly createdBy: string },
): Promise<Registry | null> {
  const { rows } = await tx.query<Registry>(
    `insert into token_server.registry
       (service, url, insecure, restricted, publications, responsibles, description, is_own, created_by)
     select $1, $2, $3, $4, $5::text[], $6::text[], $7, $8, $9
     where $8 or (select count(*) from token_server.registry) < ${MOST_REGISTRIES}
     on conflict (service) do nothing returning ${COLUMNS}`,
    [
      ...[made.service, made.url, made.insecure, made.restricted, made.publications],
      ...[made.responsibles, made.description, made.isOwn, made.createdBy],
    ],
  );
  return rows[0] ?? null;
}

/** @returns the registry as it is now; `null`: there is none */
export async function updateRegistry(
  tx: Queryable,
  facts: RegistryFacts,
  by: string,
): Promise<Registry | null> {
  const { rows } = await tx.query<Registry>(
    `update token_server.registry
     set url = $2, insecure = $3, restricted = $4, publications = $5::text[], responsibles = $6::text[],
         description = $7, changed_by = $8, changed_at = now()
     where service = $1 returning ${COLUMNS}`,
    [
      ...[facts.service, facts.url, facts.insecure, facts.restricted, facts.publications],
      ...[facts.responsibles, facts.description, by],
    ],
  );
  return rows[0] ?? null;
}

/** One that registered itself, that nobody has changed and that the configuration names no more is as gone as it always was. */
export async function forgetOthersOwn(tx: Queryable, service: string): Promise<void> {
  await tx.query(
    `delete from token_server.registry where is_own and service <> $1 and changed_by is null`,
    [service],
  );
}

/** The configuration says where the own registry is: whatever stood there before. */
export async function placeOwnRegistry(tx: Queryable, service: string, url: string): Promise<void> {
  await tx.query(
    `update token_server.registry set url = $2 where service = $1 and is_own and url is distinct from $2`,
    [service, url],
  );
}

/**
 * Whoever makes a registry of the same name later has another one: robots and stored logins of this one are no good there.
 *
 * @returns how many robots were switched off, and stored logins ended
 */
export async function removeRegistry(
  tx: Queryable,
  service: string,
  by: string,
): Promise<{ readonly robots: number; readonly refreshTokens: number }> {
  await tx.query(`delete from token_server.registry where service = $1`, [service]);
  const robots = await tx.query(
    `update token_server.robot set disabled_at = coalesce(disabled_at, now()), disabled_by = coalesce(disabled_by, $2)
     where service = $1 and disabled_at is null`,
    [service, by],
  );
  const tokens = await tx.query(
    `update token_server.refresh_token set revoked_at = now(), end_reason = 'other-service'
     where service = $1 and revoked_at is null`,
    [service],
  );
  return { robots: robots.rowCount ?? 0, refreshTokens: tokens.rowCount ?? 0 };
}
