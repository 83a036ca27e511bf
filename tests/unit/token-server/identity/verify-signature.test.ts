import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { SignedContent } from "#token-server/identity/machine/signed-data.js";
import { isSignedByOneOf } from "#token-server/identity/machine/verify-signature.js";

const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 });
const EC = generateKeyPairSync("ec", { namedCurve: "P-256" });
const CONTENT = Buffer.from("a document");
const ATTRIBUTES = Buffer.from("the set of them");
const DATA = "1.2.840.113549.1.7.1";
const TYPE = "1.2.840.113549.1.9.3";
const DIGEST = "1.2.840.113549.1.9.4";
const [SHA256, SHA512] = ["2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.3"];
const [RSA_ANY, RSA_SHA256] = ["1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11"];

const plain = (change: Partial<SignedContent> = {}): SignedContent => ({
  content: CONTENT,
  contentType: DATA,
  digestAlgorithm: SHA256,
  signatureAlgorithm: RSA_ANY,
  signature: sign("sha256", CONTENT, RSA.privateKey),
  signedAttributes: null,
  ...change,
});
const TOLD: Readonly<Record<string, readonly unknown[]>> = {
  [TYPE]: [DATA],
  [DIGEST]: [createHash("sha256").update(CONTENT).digest()],
};
const withAttributes = (change: Readonly<Record<string, readonly unknown[]>> = {}) =>
  plain({
    signature: sign("sha256", ATTRIBUTES, RSA.privateKey),
    signedAttributes: {
      encoded: ATTRIBUTES,
      valuesOf: (type) => ({ ...TOLD, ...change })[type] ?? [],
    },
  });
const isSigned = (signed: SignedContent) => isSignedByOneOf(signed, [EC.publicKey, RSA.publicKey]);

test("what is signed right is signed, over its content or over attributes that name it", () => {
  expect([isSigned(plain()), isSigned(withAttributes())]).toEqual([true, true]);
});

describe("nothing is signed", () => {
  test.each<[string, Partial<SignedContent>]>([
    ["with a digest that is not known", { digestAlgorithm: "1.2.840.113549.2.5" }],
    ["with an algorithm that is not known", { signatureAlgorithm: "1.2.3.4" }],
    [
      "with another digest than the algorithm names",
      {
        digestAlgorithm: SHA512,
        signatureAlgorithm: RSA_SHA256,
        signature: sign("sha512", CONTENT, RSA.privateKey),
      },
    ],
    [
      "by a key of another kind than the algorithm's",
      { signature: sign("sha256", CONTENT, EC.privateKey) },
    ],
    [
      "with RSA over SHA-1",
      {
        digestAlgorithm: "1.3.14.3.2.26",
        signature: sign("sha1", CONTENT, RSA.privateKey),
      },
    ],
    ["without attributes where the content is no plain data", { contentType: "1.2.3" }],
  ])("%s", (_what, change) => {
    expect(isSigned(plain(change))).toBe(false);
  });

  test.each<[string, Readonly<Record<string, readonly unknown[]>>]>([
    ["name no content type", { [TYPE]: [] }],
    ["name another content type", { [TYPE]: ["1.2.3"] }],
    ["name two content types", { [TYPE]: [DATA, DATA] }],
    ["name no digest", { [DIGEST]: [] }],
    ["name a digest that is no bytes", { [DIGEST]: ["x".repeat(32)] }],
    ["name a digest of another length", { [DIGEST]: [Buffer.alloc(20)] }],
    ["name another digest", { [DIGEST]: [Buffer.alloc(32)] }],
  ])("whose attributes %s", (_what, change) => {
    expect(isSigned(withAttributes(change))).toBe(false);
  });
});
