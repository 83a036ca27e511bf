import { generateKeyPairSync } from "node:crypto";
import { sealer, type Sealer } from "#service-kit/signing/sealer.js";
import type { SigningKey } from "#service-kit/signing/signing-key.js";

/**
 * @param keys - names of keys, the one that signs first; those of a name are the same in one process
 * @returns what seals by them
 */
export function sealerOf(...keys: readonly [string, ...string[]]): Sealer {
  return sealer({ active: () => keyNamed(keys[0]), published: () => keys.map(keyNamed) });
}

const made = new Map<string, SigningKey>();

function keyNamed(name: string): SigningKey {
  const known = made.get(name);
  if (known !== undefined) return known;
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = { privateKey, algorithm: "ES256", keyId: name, x5c: null, publicJwk: {} } as const;
  made.set(name, key);
  return key;
}

/** All gateways of a test share their keys. */
export const TEST_SEALER: Sealer = sealerOf("gateways");
