import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { compactVerify, decodeProtectedHeader } from "jose";
import jwt from "jsonwebtoken";
import { generateKeyPem } from "#service-kit/signing/certificates.js";
import { signCompact } from "#service-kit/signing/sign-compact.js";
import { assembleSigningKey, type SigningKey } from "#service-kit/signing/signing-key.js";

/** Of so many signatures some have a number that is shorter than others, once in 128. */
const MANY = 1_000;

let ec: SigningKey;
let rsa: SigningKey;
beforeAll(async () => {
  ec = await assembleSigningKey(createPrivateKey(await generateKeyPem()), null, "test");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  rsa = await assembleSigningKey(privateKey, null, "test");
});

const publicOf = ({ privateKey }: SigningKey) => createPublicKey(privateKey);
const signatureOf = (token: string) => Buffer.from(token.split(".")[2] ?? "", "base64url");

describe("what is signed", () => {
  test("is verified by two libraries, with either kind of key", async () => {
    for (const key of [ec, rsa]) {
      const token = signCompact(key, "JWT", { said: "so – ü" });
      const { payload } = await compactVerify(token, publicOf(key));
      expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({ said: "so – ü" });
      const options = { algorithms: [key.algorithm] };
      expect(jwt.verify(token, publicOf(key), options)).toEqual({ said: "so – ü" });
    }
  });

  test("is verified whatever numbers a signature has", () => {
    let withZero = 0;
    for (let i = 0; i < MANY; i += 1) {
      const token = signCompact(ec, "JWT", { i });
      expect(jwt.verify(token, publicOf(ec), { algorithms: ["ES256"] })).toEqual({ i });
      const signature = signatureOf(token);
      expect(signature).toHaveLength(64);
      if (signature[0] === 0 || signature[32] === 0) withZero += 1;
    }
    expect(withZero).toBeGreaterThan(0);
  });

  test("says in its header of what kind it is, and by which key it was signed", () => {
    const token = signCompact(ec, "a-kind+jwt", {});
    expect(decodeProtectedHeader(token)).toEqual({
      alg: "ES256",
      typ: "a-kind+jwt",
      kid: ec.keyId,
    });
    expect(decodeProtectedHeader(signCompact(ec, "JWT", {})).typ).toBe("JWT");
    const { alg, kid } = decodeProtectedHeader(signCompact(rsa, "JWT", {}));
    expect({ alg, kid }).toEqual({ alg: "RS256", kid: rsa.keyId });
  });

  test("carries the key's certificates, where it has some", () => {
    const certified = { ...ec, x5c: ["one", "two"] };
    expect(decodeProtectedHeader(signCompact(certified, "JWT", {})).x5c).toEqual(["one", "two"]);
  });
});
