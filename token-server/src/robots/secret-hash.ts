import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** Cost of one guess (RFC 7914): 16 MiB and some tens of milliseconds. */
const COST = { N: 16_384, r: 8, p: 1 };
const HASH_BYTES = 32;

/** @returns a new secret, 256 random bits in base64url; nobody has to quote it in a shell */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * @param secret - the secret
 * @returns salted hash, `scrypt$<salt>$<hash>` in base64url
 */
export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(secret, salt);
  return `scrypt$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

/**
 * @param secret - what was shown
 * @param stored - result of {@link hashSecret}
 * @returns whether they belong together; compares in constant time
 */
export async function verifySecret(secret: string, stored: string): Promise<boolean> {
  const [, salt = "", hash = ""] = stored.split("$");
  const wanted = Buffer.from(hash, "base64url");
  const actual = await derive(secret, Buffer.from(salt, "base64url"));
  return wanted.length === actual.length && timingSafeEqual(wanted, actual);
}

function derive(secret: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, HASH_BYTES, COST, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
