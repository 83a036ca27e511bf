import { createHmac, hkdfSync } from "node:crypto";
import { decrypt, encrypt, NONCE_BYTES } from "../aes-gcm.js";
import type { KeyRing } from "./key-ring.js";
import type { SigningKey } from "./signing-key.js";

/** Writes texts so that whoever carries them can neither read nor change them; every replica with the same keys can. */
export interface Sealer {
  /**
   * @param purpose - what it is good for
   * @param text - what is to be read again for the same purpose alone
   * @returns the same for the same: whoever must not see that puts something random in
   */
  seal(purpose: string, text: string): string;
  /** @returns what was sealed for that purpose; `null`: nothing was, or by a key that is there no more */
  open(purpose: string, sealed: string): string | null;
}

/** RFC 5869: what is sealed says nothing of the key that signs. */
const INFO = "wharfinger sealed for clients 1";
const KEY_BYTES = 32;
/** Texts of about the same length become texts of the same. */
const BLOCK_BYTES = 64;
const MARK = 0x80;

interface Keys {
  readonly encryption: Buffer;
  readonly nonces: Buffer;
}

/**
 * The keys are derived from those that sign: these are what all replicas share, are as long as they have to be, and are replaced as
 * docs/keys.md says. What was sealed by a replaced key is good for as long as its tokens are.
 *
 * @param ring - keys that sign
 * @returns what seals by the one that signs now, and opens by each that verifiers have to know
 */
export function sealer(ring: Pick<KeyRing, "active" | "published">): Sealer {
  const derived = new WeakMap<SigningKey, Keys>();
  const keysOf = (key: SigningKey): Keys => {
    const known = derived.get(key);
    if (known !== undefined) return known;
    const secret = key.privateKey.export({ format: "der", type: "pkcs8" });
    const bytes = Buffer.from(hkdfSync("sha256", secret, "", INFO, 2 * KEY_BYTES));
    const keys = { encryption: bytes.subarray(0, KEY_BYTES), nonces: bytes.subarray(KEY_BYTES) };
    derived.set(key, keys);
    return keys;
  };
  return {
    seal: (purpose, text) => sealBy(keysOf(ring.active()), purpose, text),
    open: (purpose, sealed) => {
      const bytes = Buffer.from(sealed, "base64url");
      for (const key of ring.published()) {
        const text = openBy(keysOf(key), purpose, bytes);
        if (text !== null) return text;
      }
      return null;
    },
  };
}

/** The nonce comes from what is sealed, so that none is ever used for two texts. */
function sealBy({ encryption, nonces }: Keys, purpose: string, text: string): string {
  const plain = padded(Buffer.from(text));
  const nonce = createHmac("sha256", nonces)
    .update(`${Buffer.byteLength(purpose)}:${purpose}`)
    .update(plain)
    .digest()
    .subarray(0, NONCE_BYTES);
  return encrypt(encryption, nonce, plain, Buffer.from(purpose)).toString("base64url");
}

function openBy({ encryption }: Keys, purpose: string, bytes: Buffer): string | null {
  try {
    const plain = decrypt(encryption, bytes, Buffer.from(purpose));
    return plain.subarray(0, plain.lastIndexOf(MARK)).toString("utf8");
  } catch {
    return null;
  }
}

/** Ends with a mark, which the padding has none of. */
function padded(text: Buffer): Buffer {
  const length = Math.ceil((text.length + 1) / BLOCK_BYTES) * BLOCK_BYTES;
  return Buffer.concat([text, Buffer.from([MARK])], length);
}
