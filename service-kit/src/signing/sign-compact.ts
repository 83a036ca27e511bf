import { sign } from "node:crypto";
import type { SigningKey } from "./signing-key.js";

/** A number of ECDSA with P-256 has so many bytes, and a signature two of them (RFC 7518 section 3.4). */
const NUMBER_BYTES = 32;

const headers = new WeakMap<SigningKey, Map<string, string>>();

/**
 * Signs by `node:crypto` alone (decision 0023): a library takes twice as long for it.
 *
 * @param key - signing key; `kid` and, where it has one, its certificate chain `x5c` go into the header
 * @param type - `typ`, of which there are few: a key's header for it is made once
 * @param payload - what is signed
 * @returns a JWS in compact serialisation (RFC 7515)
 */
export function signCompact(key: SigningKey, type: string, payload: object): string {
  const text = `${headerFor(key, type)}.${base64url(JSON.stringify(payload))}`;
  const signature = sign("sha256", Buffer.from(text), key.privateKey);
  return `${text}.${(key.algorithm === "ES256" ? joined(signature) : signature).toString("base64url")}`;
}

function headerFor(key: SigningKey, type: string): string {
  const known = headers.get(key) ?? new Map<string, string>();
  headers.set(key, known);
  const made = known.get(type) ?? base64url(JSON.stringify(headerOf(key, type)));
  known.set(type, made);
  return made;
}

function headerOf({ algorithm, keyId, x5c }: SigningKey, type: string) {
  return { alg: algorithm, typ: type, kid: keyId, ...(x5c === null ? {} : { x5c }) };
}

/**
 * Node's own conversion (`dsaEncoding: "ieee-p1363"`) takes twice as long as signing.
 *
 * @param der - a signature as OpenSSL makes it: a sequence of two integers, each without leading zeros but for one that
 *   keeps it from being negative (X.690 section 8.3), all of them shorter than 128 bytes
 * @returns its two numbers, one after the other
 */
function joined(der: Buffer): Buffer {
  const signature = Buffer.alloc(2 * NUMBER_BYTES);
  let at = 2;
  for (const end of [NUMBER_BYTES, 2 * NUMBER_BYTES]) {
    const length = der.readUInt8(at + 1);
    const number = der.subarray(at + 2, at + 2 + length).subarray(-NUMBER_BYTES);
    number.copy(signature, end - number.length);
    at += 2 + length;
  }
  return signature;
}

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}
