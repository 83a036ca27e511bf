import type { Queryable } from "#service-kit/db/pool.js";
import type { ChallengeKind } from "./settings.js";

/** Which certificate. */
export interface CertificateId {
  readonly directory: string;
  /** In their order, split by commas. */
  readonly names: string;
}

/** What the ledger has of a certificate. */
export interface KeptCertificate {
  /** PEM; `null`: none was issued yet. */
  readonly certificate: string | null;
  readonly sealedKey: string | null;
  /** Attempts that failed since the last success. */
  readonly failures: number;
  /** Whether one may be made now. */
  readonly isAttemptDue: boolean;
}

/** @returns what the ledger has of it; a row is made where there is none */
export async function readCertificate(
  db: Queryable,
  { directory, names }: CertificateId,
): Promise<KeptCertificate> {
  const select = `select certificate, sealed_key as "sealedKey", failures,
                         next_attempt_at <= clock_timestamp() as "isAttemptDue"
                  from ledger.acme_certificate where directory = $1 and names = $2`;
  const { rows } = await db.query<KeptCertificate>(select, [directory, names]);
  if (rows[0] !== undefined) return rows[0];
  await db.query(
    `insert into ledger.acme_certificate (directory, names) values ($1, $2) on conflict do nothing`,
    [directory, names],
  );
  return { certificate: null, sealedKey: null, failures: 0, isAttemptDue: true };
}

/** Keeps what was issued. */
export async function writeCertificate(
  db: Queryable,
  { directory, names }: CertificateId,
  { certificate, sealedKey }: { readonly certificate: string; readonly sealedKey: string },
): Promise<void> {
  await db.query(
    `update ledger.acme_certificate
     set certificate = $3, sealed_key = $4, failures = 0, fault = null, next_attempt_at = clock_timestamp()
     where directory = $1 and names = $2`,
    [directory, names, certificate, sealedKey],
  );
}

/** Seals the key of a certificate anew, unless somebody else has changed it meanwhile. */
export async function sealCertificateAnew(
  db: Queryable,
  { directory, names }: CertificateId,
  { before, after }: { readonly before: string; readonly after: string },
): Promise<void> {
  await db.query(
    `update ledger.acme_certificate set sealed_key = $4
     where directory = $1 and names = $2 and sealed_key = $3`,
    [directory, names, before, after],
  );
}

/** Notes that an attempt failed, and when the next one may be made. */
export async function noteFailure(
  db: Queryable,
  { directory, names }: CertificateId,
  { fault, waitSeconds }: { readonly fault: string; readonly waitSeconds: number },
): Promise<void> {
  await db.query(
    `update ledger.acme_certificate
     set failures = failures + 1, fault = $3, next_attempt_at = clock_timestamp() + $4 * interval '1 second'
     where directory = $1 and names = $2`,
    [directory, names, fault, waitSeconds],
  );
}

/** @returns who we are at an authority; `null`: nobody yet */
export async function readAccount(
  db: Queryable,
  directory: string,
): Promise<{ readonly sealedKey: string; readonly url: string | null } | null> {
  const { rows } = await db.query<{ sealedKey: string; url: string | null }>(
    `select sealed_key as "sealedKey", url from ledger.acme_account where directory = $1`,
    [directory],
  );
  return rows[0] ?? null;
}

/** Keeps who we are at an authority. */
export async function writeAccount(
  db: Queryable,
  directory: string,
  { sealedKey, url }: { readonly sealedKey: string; readonly url: string | null },
): Promise<void> {
  await db.query(
    `insert into ledger.acme_account (directory, sealed_key, url) values ($1, $2, $3)
     on conflict (directory) do update set sealed_key = excluded.sealed_key, url = excluded.url`,
    [directory, sealedKey, url],
  );
}

/** What an authority asks for, and is answered. */
export interface Challenge {
  readonly kind: ChallengeKind;
  readonly name: string;
  readonly token: string;
  readonly keyAuthorization: string;
}

/** Has every gateway answer it. */
export async function writeChallenge(db: Queryable, challenge: Challenge): Promise<void> {
  const { kind, name, token, keyAuthorization } = challenge;
  await db.query(
    `insert into ledger.acme_challenge (kind, name, token, key_authorization) values ($1, $2, $3, $4)
     on conflict (kind, name, token) do update set key_authorization = excluded.key_authorization`,
    [kind, name, token, keyAuthorization],
  );
}

/** Forgets all of them: one attempt is made at a time, and this one is over. */
export async function forgetChallenges(db: Queryable): Promise<void> {
  await db.query("delete from ledger.acme_challenge");
}

/** @returns what a token is answered by HTTP; `null`: nobody asked for it */
export async function answerOfToken(db: Queryable, token: string): Promise<string | null> {
  const { rows } = await db.query<{ answer: string }>(
    `select key_authorization as answer from ledger.acme_challenge
     where kind = 'http-01' and token = $1`,
    [token],
  );
  return rows[0]?.answer ?? null;
}

/** @returns what is shown for a host name by TLS; `null`: nobody asked for it */
export async function answerOfName(db: Queryable, name: string): Promise<string | null> {
  const { rows } = await db.query<{ answer: string }>(
    `select key_authorization as answer from ledger.acme_challenge
     where kind = 'tls-alpn-01' and name = $1`,
    [name],
  );
  return rows[0]?.answer ?? null;
}
