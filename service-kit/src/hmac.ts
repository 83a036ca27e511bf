import { createHmac, createSecretKey, type KeyObject, randomBytes } from "node:crypto";

const KEY_BYTES = 32;

/**
 * A key of bytes is looked at anew by Node for each HMAC, which takes five times as long as an HMAC itself.
 *
 * @param bytes - the key; absent: a new one, which only this process has
 * @returns it, as an HMAC is quick with
 */
export function hmacKey(bytes: Uint8Array = randomBytes(KEY_BYTES)): KeyObject {
  return createSecretKey(bytes);
}

/**
 * @param key - from {@link hmacKey}
 * @param text - what is told apart
 * @returns HMAC-SHA256 of it (RFC 2104)
 */
export function hmacOf(key: KeyObject, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
