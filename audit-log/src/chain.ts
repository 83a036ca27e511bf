import { createHash } from "node:crypto";

/** Chains whose entries do not wait for each other. */
export const CHAINS = 16;

/**
 * @param repository - repository of an entry; `null` when it has none
 * @returns the chain that its entries go to, unless somebody appends to that at the same moment
 */
export function chainOf(repository: string | null): number {
  let hash = 0x811c9dc5;
  // FNV-1a, for its spread over short names; nothing depends on it being hard to invert.
  for (const byte of Buffer.from(repository ?? "")) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % CHAINS;
}

/**
 * @param chain - number of a chain
 * @returns what the chain's first entry follows
 */
export function genesisHash(chain: number): Buffer {
  return createHash("sha256").update(`wharfinger audit chain ${chain}`).digest();
}

/**
 * @param previous - hash of the entry before
 * @param content - an entry as it is stored
 * @returns the entry's hash
 */
export function entryHash(previous: Buffer, content: string): Buffer {
  return createHash("sha256").update(previous).update(content, "utf8").digest();
}
