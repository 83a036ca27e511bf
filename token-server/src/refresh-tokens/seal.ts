import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { PREFIX } from "./token-form.js";

const TOKEN_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @returns a new opaque token, 256 random bits in base64url behind a prefix */
export function newToken(): string {
  return PREFIX + randomBytes(TOKEN_BYTES).toString("base64url");
}

/**
 * @param token - an opaque token of 256 random bits, so that a fast hash is enough
 * @returns what is stored to find it again
 */
export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/**
 * @param token - the token whose holder alone may read the text again
 * @param text - what to seal
 * @returns nonce, ciphertext and tag (AES-256-GCM, key by HKDF-SHA256 from the token)
 */
export function seal(token: string, text: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", keyOf(token), nonce);
  const ciphertext = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]);
}

/**
 * @param token - the token that the text was sealed with
 * @param sealed - result of {@link seal}
 * @returns the text
 * @throws when the token is another one or the bytes were changed
 */
export function unseal(token: string, sealed: Buffer): string {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const ciphertext = sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", keyOf(token), nonce);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString("utf8");
}

function keyOf(token: string): Buffer {
  return Buffer.from(hkdfSync("sha256", token, "", "wharfinger refresh token", 32));
}
