import { X509Certificate } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { SigningKey } from "./signing-key.js";

/**
 * @param x5c - a chain of certificates as a JOSE header has it, the signer's first (RFC 7515 section 4.1.6)
 * @param anchors - certificates that are trusted
 * @param at - when they have to be valid
 * @returns the signer's certificate
 * @throws Error unless each certificate was issued by the next one, and the last by an anchor
 */
export type LeafOf = (
  x5c: string | readonly string[] | undefined,
  anchors: readonly X509Certificate[],
  at: Date,
) => X509Certificate;

/** See {@link LeafOf}. */
export const trustedLeaf: LeafOf = (x5c, anchors, at) => examine(x5c, anchors, at).leaf;

/** As many as gateways have keys, and then some. */
const CHAINS = 64;

/**
 * The same few signers come with each request, and it takes longer to find out whether they are trusted than to verify what they
 * have signed.
 *
 * @returns the same as {@link trustedLeaf}, which remembers the chains that were trusted while anchors stay the same and all
 *   that vouched for one another are valid
 */
export function rememberedLeaves(): LeafOf {
  const known = new LRUCache<string, Examined & { anchors: readonly X509Certificate[] }>({
    max: CHAINS,
  });
  return (x5c, anchors, at) => {
    const name = Array.isArray(x5c) ? x5c.join() : "";
    const before = known.get(name);
    if (before?.anchors === anchors && isWithin(before, at)) return before.leaf;
    const examined = examine(x5c, anchors, at);
    known.set(name, { ...examined, anchors });
    return examined.leaf;
  };
}

/** A trusted chain, and during what time all certificates are valid that it takes. */
interface Examined {
  readonly leaf: X509Certificate;
  readonly from: number;
  readonly to: number;
}

function examine(
  x5c: string | readonly string[] | undefined,
  anchors: readonly X509Certificate[],
  at: Date,
): Examined {
  if (!Array.isArray(x5c) || x5c.length === 0) throw new Error("signed without a certificate");
  const chain = (x5c as readonly string[]).map(
    (der) => new X509Certificate(Buffer.from(der, "base64")),
  );
  const [leaf] = chain;
  if (leaf === undefined) throw new Error("signed without a certificate");
  const vouchers = chain.map((certificate, index) =>
    voucherOf(certificate, chain[index + 1], anchors, at),
  );
  if (vouchers.includes(null)) throw new Error("signed with a certificate that is not trusted");
  const all = [...chain, ...vouchers].filter((one) => one !== null);
  return {
    leaf,
    from: Math.max(...all.map(({ validFrom }) => Date.parse(validFrom))),
    to: Math.min(...all.map(({ validTo }) => Date.parse(validTo))),
  };
}

/** @returns the certificate by which this one is trusted, itself where it is an anchor; `null` when there is none */
function voucherOf(
  certificate: X509Certificate,
  next: X509Certificate | undefined,
  anchors: readonly X509Certificate[],
  at: Date,
): X509Certificate | null {
  if (!isValidAt(certificate, at)) return null;
  if (anchors.some((anchor) => anchor.raw.equals(certificate.raw))) return certificate;
  const issuers = next === undefined ? anchors : [next];
  const issued = (issuer: X509Certificate) =>
    isValidAt(issuer, at) && isIssuedBy(certificate, issuer);
  return issuers.find(issued) ?? null;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/**
 * @param key - signing key
 * @param at - a time
 * @returns whether its certificates hold then, all of them; one without any holds always
 */
export function isCertifiedAt({ x5c }: Pick<SigningKey, "x5c">, at: Date): boolean {
  const chain = (x5c ?? []).map((der) => new X509Certificate(Buffer.from(der, "base64")));
  return chain.every((certificate) => isValidAt(certificate, at));
}

function isValidAt({ validFrom, validTo }: X509Certificate, at: Date): boolean {
  return isWithin({ from: Date.parse(validFrom), to: Date.parse(validTo) }, at);
}

function isWithin({ from, to }: Pick<Examined, "from" | "to">, at: Date): boolean {
  return from <= at.getTime() && at.getTime() <= to;
}
