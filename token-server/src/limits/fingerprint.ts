import { hkdfSync } from "node:crypto";
import { LRUCache } from "lru-cache";
import { hmacKey, hmacOf, namesInMemory } from "#service-kit/hmac.js";
import type { Secret } from "#service-kit/secret.js";
import { foldName } from "../identity/names.js";
import type { Credentials } from "../identity/identity-source.js";

/** Tells credentials and names apart without keeping them. */
export interface Fingerprints {
  /** @returns 64 bits that equal credentials share, as a number of Postgres' `bigint` */
  credential(credentials: Credentials): string;
  /** @returns what an account is counted under: the same however its name is spelled */
  account(name: string): string;
}

const REMEMBERED = 10_000;

/**
 * @param secret - something that all replicas know and the database does not; the database's own password will do
 * @returns fingerprints under a key made of it (HKDF-SHA256, HMAC-SHA256): whoever reads the database can neither read
 *   nor try out what was typed
 */
export function fingerprints(secret: Secret): Fingerprints {
  const made = hkdfSync("sha256", secret.reveal(), "", "wharfinger login failures", 32);
  const key = hmacKey(new Uint8Array(made));
  const digest = (parts: readonly string[]) => hmacOf(key, JSON.stringify(parts));
  const nameOf = namesInMemory();
  // The same few come again and again.
  const known = new LRUCache<string, string>({ max: REMEMBERED });
  const credentialOf = (username: string, password: string) =>
    digest(["credential", username, password]).readBigInt64BE(0).toString();
  return {
    credential: (credentials) => {
      const [username, password] = [foldName(credentials.username), credentials.password.reveal()];
      const name = nameOf(JSON.stringify([username, password]));
      const print = known.get(name) ?? credentialOf(username, password);
      known.set(name, print);
      return print;
    },
    account: (name) =>
      digest(["account", foldName(name)])
        .toString("base64url")
        .slice(0, 22),
  };
}
