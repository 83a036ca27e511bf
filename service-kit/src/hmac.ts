import { createHmac, createSecretKey, hash, type KeyObject, randomBytes } from "node:crypto";

const KEY_BYTES = 32;

/**
 * A key of bytes is looked at anew by Node for each HMAC, which takes five times as long as an HMAC itself.
 *
 * @param bytes - the key
 * @returns it, as an HMAC is quick with
 */
export function hmacKey(bytes: Uint8Array): KeyObject {
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

/**
 * For what is found again in memory by something that must not stand there. An HMAC makes Node objects that it has to collect, some
 * microseconds for each login; its form guards against whoever sees what comes out, and this is seen by nobody.
 *
 * @returns a function that gives equal texts one name (SHA-256 behind 256 random bits that only it has), of 44 characters
 */
export function namesInMemory(): (text: string) => string {
  const key = randomBytes(KEY_BYTES).toString("base64");
  return (text) => hash("sha256", key + text, "base64");
}
