import { randomUUID, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseCertificates } from "./signing-key.js";

/** What the registry and the token server trust: authorities that certify the gateway's keys. */
export const GATEWAY_BUNDLE = "gateway.pem";
/** What an auditor trusts: every authority there ever was, since checkpoints are verified years later. */
export const AUDIT_BUNDLE = "audit.pem";

/**
 * Writes what others trust. No key is in this folder: everybody may read it.
 *
 * @param folder - where to, made when missing
 * @param certificates - certificates of today's authorities, PEM
 */
export async function writeTrust(folder: string, certificates: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const today = certificates.map((pem) => new X509Certificate(pem));
  await replace(join(folder, GATEWAY_BUNDLE), today);
  await addToAuditTrust(folder, certificates);
}

/**
 * @param folder - where the bundles are, made when missing
 * @param certificates - authorities that have certified keys of the gateway, PEM
 */
export async function addToAuditTrust(
  folder: string,
  certificates: readonly string[],
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const file = join(folder, AUDIT_BUNDLE);
  const known = parseCertificates(await readFile(file, "utf8").catch(() => ""), file);
  const fresh = certificates
    .map((pem) => new X509Certificate(pem))
    .filter(({ fingerprint256 }) => known.every((one) => one.fingerprint256 !== fingerprint256));
  if (fresh.length > 0) await replace(file, [...known, ...fresh]);
}

/** At once, so that a registry that starts meanwhile never reads half of it. */
async function replace(file: string, certificates: readonly X509Certificate[]): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  const text = certificates.map((certificate) => certificate.toString()).join("");
  await writeFile(draft, text, { mode: 0o644, flush: true });
  await rename(draft, file);
}
