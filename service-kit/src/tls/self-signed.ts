import { mkdir, rename, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { selfSigned, type SelfSigned } from "../signing/self-signed.js";
import { certificatePair } from "./certificate-pair.js";
import { sourceOf, textOf, type CertificateFiles } from "./certificate-files.js";

/** A pair in a folder. */
export interface KeptSelfSigned extends CertificateFiles {
  /** Whether it was made just now: then clients have to be told to trust it. */
  readonly isNew: boolean;
}

/**
 * Keeps what is there, which clients trust, as long as it is good for a while yet and for the same names.
 *
 * @param folder - where certificate and key are, made when it is missing
 * @param asked - whom it is for, and how long a new one is good
 * @param leftSeconds - how long one that is there has to be good yet
 * @returns its files
 */
export async function keptSelfSigned(
  folder: string,
  asked: SelfSigned,
  leftSeconds: number,
): Promise<KeptSelfSigned> {
  const files = { certificateFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") };
  if (await isGood(files, asked, leftSeconds)) return { ...files, isNew: false };
  await mkdir(folder, { recursive: true });
  const { certificatePem, keyPem } = await selfSigned(asked);
  await put(files.keyFile, keyPem, 0o600);
  await put(files.certificateFile, certificatePem, 0o644);
  return { ...files, isNew: true };
}

async function isGood(files: CertificateFiles, { names, now }: SelfSigned, leftSeconds: number) {
  try {
    const { leaf, endsAt } = certificatePair(await textOf(files), sourceOf(files));
    const isFor = (name: string) =>
      (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined;
    return endsAt - now >= leftSeconds && names.every(isFor);
  } catch {
    return false;
  }
}

/** Whoever reads it meanwhile reads the old one or the new one. */
async function put(file: string, text: string, mode: number): Promise<void> {
  const draft = `${file}.draft`;
  await writeFile(draft, text, { mode, flush: true });
  await rename(draft, file);
}
