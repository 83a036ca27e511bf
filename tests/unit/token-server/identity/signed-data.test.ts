import { Integer, ObjectIdentifier, OctetString } from "asn1js";
import { Attribute, ContentInfo, EncapsulatedContentInfo, SignedData } from "pkijs";
import { AlgorithmIdentifier, IssuerAndSerialNumber, SignedAndUnsignedAttributes } from "pkijs";
import { SignerInfo } from "pkijs";
import { describe, expect, test } from "@jest/globals";
import { decodeDocument } from "#token-server/identity/machine/document-text.js";
import { parseSignedData } from "#token-server/identity/machine/signed-data.js";

const DATA = ContentInfo.DATA;

function berOf({ signers, content }: { signers: number; content: boolean }): Buffer {
  const signer = () =>
    new SignerInfo({
      version: 1,
      sid: new IssuerAndSerialNumber(),
      digestAlgorithm: new AlgorithmIdentifier({ algorithmId: "1.2.3" }),
      signatureAlgorithm: new AlgorithmIdentifier({ algorithmId: "1.2.4" }),
      signature: new OctetString({ valueHex: new Uint8Array([1]) }),
      signedAttrs: new SignedAndUnsignedAttributes({
        type: 0,
        attributes: [
          new Attribute({ type: "1.2.5", values: [new Integer({ value: 7 })] }),
          new Attribute({ type: "1.2.6", values: [new ObjectIdentifier({ value: DATA })] }),
        ],
      }),
    });
  const eContent = new OctetString({ valueHex: new Uint8Array([7]) });
  const signed = new SignedData({
    version: 1,
    encapContentInfo: new EncapsulatedContentInfo({
      eContentType: DATA,
      ...(content ? { eContent } : {}),
    }),
    signerInfos: Array.from({ length: signers }, signer),
  });
  return wrapped(ContentInfo.SIGNED_DATA, signed.toSchema(true));
}

function wrapped(contentType: string, content: unknown): Buffer {
  return Buffer.from(new ContentInfo({ contentType, content }).toSchema().toBER());
}

describe("a signed message", () => {
  test("has its content and the attributes that are text or bytes", () => {
    const { content, signedAttributes } = parseSignedData(berOf({ signers: 1, content: true }));
    expect([...content]).toEqual([7]);
    expect(signedAttributes?.valuesOf("1.2.5")).toEqual([null]);
    expect(signedAttributes?.valuesOf("1.2.6")).toEqual([DATA]);
  });

  test.each([
    ["it is no BER", Buffer.from("garbage")],
    ["it is no SignedData", wrapped(DATA, new OctetString())],
    ["it has not exactly one signer", berOf({ signers: 0, content: true })],
    ["it has not exactly one signer", berOf({ signers: 2, content: true })],
    ["its content is not inside of it", berOf({ signers: 1, content: false })],
  ])("is refused: %s", (reason, ber) => {
    expect(() => parseSignedData(ber)).toThrow(reason);
  });

  test.each(["", "!!!!", "MIAG====", "M=IAG"])(
    "is none where its text is no base64: %j",
    (text) => {
      expect(decodeDocument(text)).toBeNull();
    },
  );
});
