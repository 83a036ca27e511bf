import { createHash, hkdfSync, randomBytes } from "node:crypto";
import { decrypt, encrypt, NONCE_BYTES } from "#service-kit/aes-gcm.js";
import { PREFIX } from "./token-form.js";

const TOKEN_BYTES = 32;

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
  return encrypt(keyOf(token), randomBytes(NONCE_BYTES), Buffer.from(text));
}

/**
 * @param token - the token that the text was sealed with
 * @param sealed - result of {@link seal}
 * @returns the text
 * @throws when the token is another one or the bytes were changed
 */
export function unseal(token: string, sealed: Buffer): string {
  return decrypt(keyOf(token), sealed).toString("utf8");
}

function keyOf(token: string): Buffer {
  return Buffer.from(hkdfSync("sha256", token, "", "wharfinger refresh token", 32));
}
