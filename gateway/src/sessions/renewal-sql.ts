import type { Queryable } from "#service-kit/db/pool.js";
import type { SealedLogin } from "./sql.js";

/** How long one gateway alone asks an issuer for the next login of a session; it has its answer sooner, or none. */
export const RENEWING_SECONDS = 15;

/** @returns whether it is the caller's to renew the session: nobody else does so now, and it has what the caller has seen */
export async function claimRenewal(
  db: Queryable,
  hash: Buffer,
  { sealedLogin }: Pick<SealedLogin, "sealedLogin">,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update ledger.page_session
     set renewing_until = clock_timestamp() + ${RENEWING_SECONDS} * interval '1 second'
     where hash = $1 and sealed_login = $2
       and (renewing_until is null or renewing_until <= clock_timestamp())`,
    [hash, sealedLogin],
  );
  return rowCount === 1;
}

/** Gives a session its next login. */
export async function storeRenewal(
  db: Queryable,
  hash: Buffer,
  { sealedLogin, sealedRenewal }: SealedLogin,
): Promise<void> {
  await db.query(
    `update ledger.page_session set sealed_login = $2, sealed_renewal = $3, renewing_until = null
     where hash = $1`,
    [hash, sealedLogin, sealedRenewal],
  );
}
