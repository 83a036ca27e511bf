import { X509Certificate } from "node:crypto";
import jwt from "jsonwebtoken";
import type { SigningKey } from "./signing-key.js";

/** A signed statement that was found to be genuine. */
export interface VerifiedStatement {
  readonly payload: unknown;
  /** Name of the signer's certificate. */
  readonly signer: string;
  readonly keyId: string;
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
  return jwt.sign(payload, key.privateKey, {
    algorithm: key.algorithm,
    noTimestamp: true,
    header: { alg: key.algorithm, typ: type, kid: key.keyId, x5c: [...key.x5c] },
  });
}

/**
 * @param token - a JWS of {@link signStatement}
 * @param type - the kind that it has to be
 * @param anchors - certificates that are trusted
 * @param at - when it was signed; its certificates have to be valid at this moment
 * @returns the statement
 * @throws Error that says what is wrong with it
 */
export function verifyStatement(
  token: string,
  type: string,
  { anchors, at }: { readonly anchors: readonly X509Certificate[]; readonly at: Date },
): VerifiedStatement {
  const decoded = jwt.decode(token, { complete: true });
  if (decoded === null) throw new Error("not a signed statement");
  const { typ, kid = "", x5c } = decoded.header;
  if (typ !== type) throw new Error(`signed as something else than ${type}`);
  const leaf = trustedLeaf(readChain(x5c), anchors, at);
  const payload: unknown = jwt.verify(token, leaf.publicKey, {
    algorithms: ["ES256", "RS256"],
    ignoreExpiration: true,
    ignoreNotBefore: true,
  });
  return { payload, signer: leaf.subject.replace(/\s+/g, " "), keyId: kid };
}

function readChain(x5c: string | string[] | undefined): X509Certificate[] {
  if (!Array.isArray(x5c) || x5c.length === 0) throw new Error("signed without a certificate");
  return x5c.map((der) => new X509Certificate(Buffer.from(der, "base64")));
}

/** Each certificate has to be issued by the next one, and the last by an anchor. */
function trustedLeaf(
  chain: readonly X509Certificate[],
  anchors: readonly X509Certificate[],
  at: Date,
): X509Certificate {
  const [leaf] = chain;
  if (leaf === undefined) throw new Error("signed without a certificate");
  const trusted = chain.every((certificate, index) => {
    if (!isValidAt(certificate, at)) return false;
    if (anchors.some((anchor) => anchor.raw.equals(certificate.raw))) return true;
    const next = chain[index + 1];
    const issuers = next === undefined ? anchors : [next];
    return issuers.some((issuer) => isValidAt(issuer, at) && isIssuedBy(certificate, issuer));
  });
  if (!trusted) throw new Error("signed with a certificate that is not trusted");
  return leaf;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isValidAt({ validFrom, validTo }: X509Certificate, at: Date): boolean {
  return Date.parse(validFrom) <= at.getTime() && at.getTime() <= Date.parse(validTo);
}
