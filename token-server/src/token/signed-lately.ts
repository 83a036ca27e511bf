import { LRUCache } from "lru-cache";
import type { FittedToken } from "./fit-token.js";

/** Tokens that were just signed. */
export interface SignedLately {
  /**
   * @param claims - all that a token says but for its own id, which key signs it, and the second in which it was issued
   * @param sign - makes the token
   * @returns the token that says the same and was issued in the same second, else a new one
   * @throws what `sign` throws
   */
  readonly signOnce: (claims: object, sign: () => FittedToken) => FittedToken;
}

/** Longest that all of them are together, in characters. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/**
 * A client that pulls an image with many layers asks for one token after the other, and each of them would say the same.
 * What is granted is decided each time; only what is signed is not signed again.
 *
 * @returns the tokens of one process
 */
export function signedLately(): SignedLately {
  const known = new LRUCache<string, FittedToken>({
    maxSize: MOST_CHARACTERS,
    sizeCalculation: ({ token }, claims) => token.length + claims.length,
  });
  return {
    signOnce: (claims, sign) => {
      const name = JSON.stringify(claims);
      const lately = known.get(name);
      if (lately !== undefined) return lately;
      const signed = sign();
      known.set(name, signed);
      return signed;
    },
  };
}
