import { createCipheriv, createDecipheriv } from "node:crypto";

const CIPHER = "aes-256-gcm";
/** What NIST SP 800-38D (5.2.1.1) recommends. */
export const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NOTHING = Buffer.alloc(0);

/**
 * @param key - 32 bytes
 * @param nonce - {@link NONCE_BYTES} that this key has for no other text
 * @param plain - what nobody else may read
 * @param bound - what has to be the same for it to be read again
 * @returns nonce, ciphertext and tag (AES-256-GCM)
 */
export function encrypt(key: Buffer, nonce: Buffer, plain: Buffer, bound = NOTHING): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(bound);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/**
 * @param key - as for {@link encrypt}
 * @param sealed - result of it
 * @param bound - likewise
 * @returns what was encrypted
 * @throws when the key or what it is bound to is another one, or the bytes were changed
 */
export function decrypt(key: Buffer, sealed: Buffer, bound = NOTHING): Buffer {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const ciphertext = sealed.subarray(NONCE_BYTES, -TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(bound).setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}
