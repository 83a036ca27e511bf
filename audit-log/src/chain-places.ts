import { CHAINS, genesisHash } from "./chain.js";
import type { Checkpoint } from "./checkpoint.js";

/** Where a chain stands. */
export interface ChainPlace {
  readonly position: number;
  readonly hash: Buffer;
}

/**
 * @param checkpoint - what it states; `null`: before everything
 * @returns where each chain stood then
 */
export function placesAt(checkpoint: Checkpoint | null): readonly ChainPlace[] {
  return Array.from({ length: CHAINS }, (_, chain) => {
    const head = checkpoint?.heads.find((one) => one.chain === chain);
    return head === undefined
      ? { position: 0, hash: genesisHash(chain) }
      : { position: head.position, hash: Buffer.from(head.hash, "hex") };
  });
}
