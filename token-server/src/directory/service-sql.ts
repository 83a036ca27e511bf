import type { Queryable } from "#service-kit/db/pool.js";
import type { KeptSecret } from "../robots/kept-secret.js";
import type { ListedService } from "./directory-snapshot.js";

/** A service with what is known of its login; without its secret. */
export interface StoredService extends ListedService {
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly rotatedAt: Date;
  readonly lastUsedAt: Date | null;
  /** Until when the secret from before the last rotation is good, too; `null`: it ended then. */
  readonly previousEndsAt: Date | null;
}

const COLUMNS = `name, app, workload, created_by as "createdBy", created_at as "createdAt", rotated_at as "rotatedAt",
  last_used_at as "lastUsedAt", previous_ends_at as "previousEndsAt"`;

/** @returns the hashes of a service's secrets, by the clock that ends were set by; `null`: there is no such service */
export async function findService(db: Queryable, name: string): Promise<KeptSecret | null> {
  const { rows } = await db.query<KeptSecret>(
    `select secret_hash as "secretHash",
            case when previous_ends_at > clock_timestamp() then previous_secret_hash end as "previousHash"
     from token_server.directory_service where name = $1`,
    [name],
  );
  return rows[0] ?? null;
}

/** Notes a login; at most one write a minute, however many nodes pull. */
export async function touchService(db: Queryable, name: string): Promise<void> {
  await db.query(
    `update token_server.directory_service set last_used_at = now()
     where name = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
    [name],
  );
}

/** A service that is being made. */
export interface NewService extends ListedService {
  readonly secretHash: string;
  readonly createdBy: string;
}

/** @returns the new service; `null`: the name, or the workload, is taken */
export async function insertService(
  tx: Queryable,
  { name, app, workload, secretHash, createdBy }: NewService,
): Promise<StoredService | null> {
  const { rows } = await tx.query<StoredService>(
    `insert into token_server.directory_service (name, app, workload, secret_hash, created_by)
     values ($1, $2, $3, $4, $5) on conflict do nothing returning ${COLUMNS}`,
    [name, app, workload, secretHash, createdBy],
  );
  return rows[0] ?? null;
}

/** @returns the service, `null`: there is none */
export async function readService(db: Queryable, name: string): Promise<StoredService | null> {
  const { rows } = await db.query<StoredService>(
    `select ${COLUMNS} from token_server.directory_service where name = $1`,
    [name],
  );
  return rows[0] ?? null;
}

/** @returns the service with another secret, and the one of before for so many hours; `null`: there is none */
export async function rotateService(
  tx: Queryable,
  wanted: { readonly name: string; readonly secretHash: string; readonly overlapHours: number },
): Promise<StoredService | null> {
  const { rows } = await tx.query<StoredService>(
    `update token_server.directory_service
     set secret_hash = $2, rotated_at = now(),
         previous_secret_hash = case when $3::int > 0 then secret_hash end,
         previous_ends_at = case when $3::int > 0 then clock_timestamp() + make_interval(hours => $3::int) end
     where name = $1 returning ${COLUMNS}`,
    [wanted.name, wanted.secretHash, wanted.overlapHours],
  );
  return rows[0] ?? null;
}

/** @returns the service that was there; `null`: there is none */
export async function deleteService(tx: Queryable, name: string): Promise<StoredService | null> {
  const { rows } = await tx.query<StoredService>(
    `delete from token_server.directory_service where name = $1 returning ${COLUMNS}`,
    [name],
  );
  return rows[0] ?? null;
}
