import { fromBER, ObjectIdentifier, OctetString } from "asn1js";
import { ContentInfo, SignedData, type SignerInfo } from "pkijs";

/** A CMS SignedData with its content and its only signer (RFC 5652, section 5), none of it verified. */
export interface SignedContent {
  readonly content: Buffer;
  /** Dotted. */
  readonly contentType: string;
  readonly digestAlgorithm: string;
  readonly signatureAlgorithm: string;
  readonly signature: Buffer;
  /** `null` when the signature is over the content itself. */
  readonly signedAttributes: SignedAttributes | null;
}

/** What a signature is over, instead of the content itself (section 5.3). */
export interface SignedAttributes {
  /** DER of the set of them: the bytes that are signed (section 5.4). */
  readonly encoded: Buffer;
  /** Values of the attributes of that type. */
  valuesOf(type: string): readonly unknown[];
}

const LIMITS = { maxDepth: 32, maxNodes: 2_000 };

/**
 * @param ber - BER, of definite or indefinite length: the metadata service sends the latter
 * @returns the content and who signed it
 * @throws Error when it is no SignedData with its content inside and exactly one signer
 */
export function parseSignedData(ber: Buffer): SignedContent {
  const { offset, result } = fromBER(ber, LIMITS);
  if (offset === -1) throw new Error("it is no BER");
  const info = new ContentInfo({ schema: result });
  if (info.contentType !== ContentInfo.SIGNED_DATA) throw new Error("it is no SignedData");
  const { encapContentInfo, signerInfos } = new SignedData({ schema: info.content });
  const [signer, ...others] = signerInfos;
  if (signer === undefined || others.length > 0) throw new Error("it has not exactly one signer");
  const { eContent, eContentType } = encapContentInfo;
  if (eContent === undefined) throw new Error("its content is not inside of it");
  return {
    content: Buffer.from(eContent.getValue()),
    contentType: eContentType,
    digestAlgorithm: signer.digestAlgorithm.algorithmId,
    signatureAlgorithm: signer.signatureAlgorithm.algorithmId,
    signature: Buffer.from(signer.signature.getValue()),
    signedAttributes: attributesOf(signer),
  };
}

function attributesOf({ signedAttrs }: SignerInfo): SignedAttributes | null {
  if (signedAttrs === undefined) return null;
  return {
    encoded: Buffer.from(signedAttrs.encodedValue),
    valuesOf: (wanted) =>
      signedAttrs.attributes
        .filter(({ type }) => type === wanted)
        .flatMap(({ values }) => values.map(plainValue)),
  };
}

function plainValue(value: unknown): unknown {
  if (value instanceof OctetString) return Buffer.from(value.getValue());
  return value instanceof ObjectIdentifier ? value.getValue() : null;
}
