import { provenSecrets } from "../identity/safeguards/proven-secrets.js";
import { hashSecret, newSecret, verifySecret } from "./secret-hash.js";

/** Hashes of a secret that was made here. */
export interface KeptSecret {
  readonly secretHash: string;
  /** Of the secret before the last rotation, while that is good, too; `null`: it is not. */
  readonly previousHash: string | null;
}

/**
 * Compares what was shown with secrets of robots and services.
 *
 * @returns a function that says whether a secret is the one that is kept; `null`: nobody has that name, which costs as much as a
 *   wrong secret, so that names cannot be found by the clock
 */
export function keptSecrets(): (secret: string, kept: KeptSecret | null) => Promise<boolean> {
  const isProven = provenSecrets();
  const unknownHash = hashSecret(newSecret());
  return async (secret, kept) => {
    const isSecret = (hash: string) => isProven(secret, hash, () => verifySecret(secret, hash));
    const stored = kept?.secretHash ?? (await unknownHash);
    if (await isSecret(stored)) return kept !== null;
    // A rotation may have left the secret of before for a while, until all that use it have the new one.
    const previous = kept?.previousHash ?? null;
    return previous !== null && isSecret(previous);
  };
}
