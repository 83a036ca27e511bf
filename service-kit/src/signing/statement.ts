import type { X509Certificate } from "node:crypto";
import jwt from "jsonwebtoken";
import { trustedLeaf, type LeafOf } from "./certificate-chain.js";
import { signCompact } from "./sign-compact.js";
import type { SigningKey } from "./signing-key.js";

/** A signed statement that was found to be genuine. */
export interface VerifiedStatement {
  readonly payload: unknown;
  /** Name of the signer's certificate. */
  readonly signer: string;
  readonly keyId: string;
}

/** What makes a statement believed. */
export interface Trust {
  /** Certificates that are trusted. */
  readonly anchors: readonly X509Certificate[];
  /** When it was signed; its certificates have to be valid at this moment. */
  readonly at: Date;
  /** Reads the chain of its signer; absent: each time anew. */
  readonly leafOf?: LeafOf;
}

/**
 * Signs a statement that is to be believed years later, by its certificate chain in the header (`x5c`).
 *
 * @param key - signing key
 * @param type - what kind of statement it is; goes into `typ`, so that none is taken for another kind
 * @param payload - the statement
 * @returns a JWS in compact serialisation (RFC 7515)
 * @throws Error when the key has no certificate
 */
export function signStatement(key: SigningKey, type: string, payload: object): string {
  if (key.x5c === null) throw new Error("a key without a certificate makes no statements");
  return signCompact(key, type, payload);
}

/**
 * @param token - a JWS of {@link signStatement}
 * @param type - the kind that it has to be
 * @param trust - what makes it believed
 * @returns the statement
 * @throws Error that says what is wrong with it
 */
export function verifyStatement(
  token: string,
  type: string,
  { anchors, at, leafOf = trustedLeaf }: Trust,
): VerifiedStatement {
  const decoded = jwt.decode(token, { complete: true });
  if (decoded === null) throw new Error("not a signed statement");
  const { typ, kid = "", x5c } = decoded.header;
  if (typ !== type) throw new Error(`signed as something else than ${type}`);
  const leaf = leafOf(x5c, anchors, at);
  const payload: unknown = jwt.verify(token, leaf.publicKey, {
    algorithms: ["ES256", "RS256"],
    ignoreExpiration: true,
    ignoreNotBefore: true,
  });
  return { payload, signer: leaf.subject.replace(/\s+/g, " "), keyId: kid };
}
