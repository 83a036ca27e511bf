import type { Sealer } from "#service-kit/signing/sealer.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { certificatePair, type CertificatePair } from "#service-kit/tls/certificate-pair.js";
import { newAccountKey, type Account } from "./obtain-certificate.js";
import {
  readAccount,
  sealCertificateAnew,
  writeAccount,
  type CertificateId,
  type KeptCertificate,
} from "./sql.js";

const purposeOf = ({ directory, names }: CertificateId) => `certificate ${names} of ${directory}`;
const purposeOfAccount = (directory: string) => `account at ${directory}`;

/**
 * @param kept - what the ledger has
 * @param id - of which certificate
 * @param sealer - opens its key
 * @returns it; `null`: none was issued, or its key was sealed by a key that is there no more, so that it is lost
 */
export function openKept(
  kept: KeptCertificate,
  id: CertificateId,
  sealer: Sealer,
): CertificatePair | null {
  if (kept.certificate === null || kept.sealedKey === null) return null;
  const keyPem = sealer.open(purposeOf(id), kept.sealedKey);
  return keyPem === null ? null : certificatePair(`${kept.certificate}\n${keyPem}`, id.names);
}

/**
 * @param keyPem - of a certificate
 * @param id - of which
 * @param sealer - seals it
 * @returns how the ledger keeps it
 */
export function sealKey(keyPem: string, id: CertificateId, sealer: Sealer): string {
  return sealer.seal(purposeOf(id), keyPem);
}

/**
 * What seals is replaced every few weeks, and forgotten soon after: so it is sealed anew in time.
 *
 * @param db - the ledger
 * @param kept - what it has
 * @param id - of which certificate
 * @param sealer - opens and seals its key
 */
export async function keepSealed(
  db: Queryable,
  kept: KeptCertificate,
  id: CertificateId,
  sealer: Sealer,
): Promise<void> {
  const before = kept.sealedKey;
  await keepAccountSealed(db, id.directory, sealer);
  if (before === null) return;
  const keyPem = sealer.open(purposeOf(id), before);
  if (keyPem === null) return;
  const after = sealer.seal(purposeOf(id), keyPem);
  if (after !== before) await sealCertificateAnew(db, id, { before, after });
}

async function keepAccountSealed(db: Queryable, directory: string, sealer: Sealer): Promise<void> {
  const account = await readAccount(db, directory);
  if (account === null) return;
  const keyPem = sealer.open(purposeOfAccount(directory), account.sealedKey);
  if (keyPem === null) return;
  const sealedKey = sealer.seal(purposeOfAccount(directory), keyPem);
  if (sealedKey !== account.sealedKey)
    await writeAccount(db, directory, { sealedKey, url: account.url });
}

/**
 * @param db - the ledger
 * @param directory - of the authority
 * @param sealer - opens and seals its key
 * @returns who we are there, somebody new where nobody is known or the key is lost; and what notes how the authority
 *   calls us
 */
export async function openAccount(
  db: Queryable,
  directory: string,
  sealer: Sealer,
): Promise<Account & { readonly known: (url: string) => Promise<void> }> {
  const kept = await readAccount(db, directory);
  const before = kept === null ? null : sealer.open(purposeOfAccount(directory), kept.sealedKey);
  const keyPem = before ?? (await newAccountKey());
  const write = (url: string | null) =>
    writeAccount(db, directory, {
      sealedKey: sealer.seal(purposeOfAccount(directory), keyPem),
      url,
    });
  // Kept before the authority hears of it: else it would be asked for a new one after each failure.
  if (before === null) await write(null);
  return { keyPem, url: before === null ? null : (kept?.url ?? null), known: write };
}
