import { createPrivateKey, X509Certificate } from "node:crypto";
import jwt from "jsonwebtoken";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { callerVerifier, signCaller } from "#service-kit/signing/caller-statement.js";
import {
  generateKeyPem,
  issueCertificate,
  selfSignAuthority,
  type Authority,
} from "#service-kit/signing/certificates.js";
import { assembleSigningKey, type SigningKey } from "#service-kit/signing/signing-key.js";
import { signStatement, verifyStatement } from "#service-kit/signing/statement.js";
import { makeLeaf } from "#tests/support/certificates.js";

const DAY = 86_400;
const NOW = Math.floor(Date.now() / 1000);
const TODAY = { from: NOW - 60, to: NOW + DAY };
const TYPE = "a-kind+jwt";

let authority: Authority;
let other: Authority;
let key: SigningKey;
beforeAll(async () => {
  authority = await newAuthority();
  other = await newAuthority();
  key = await newKey(authority);
});

async function newAuthority(validity = TODAY): Promise<Authority> {
  const keyPem = await generateKeyPem();
  return { keyPem, certificatePem: await selfSignAuthority(keyPem, validity) };
}

async function newKey(issuer: Authority, validity = TODAY): Promise<SigningKey> {
  const own = createPrivateKey(await generateKeyPem());
  const certificate = await issueCertificate(issuer, own, "gateway", validity);
  return assembleSigningKey(own, [new X509Certificate(certificate)], "test");
}

const derOf = (pem: string) => new X509Certificate(pem).raw.toString("base64");
const withChain = (signer: SigningKey, chain: readonly string[]): SigningKey => ({
  ...signer,
  x5c: [...(signer.x5c ?? []), ...chain],
});
const statementOf = (signer: SigningKey) => signStatement(signer, TYPE, { said: "so" });
const verify = (token: string, at = NOW) =>
  verifyStatement(token, TYPE, {
    anchors: [new X509Certificate(authority.certificatePem)],
    at: new Date(at * 1000),
  });
const withHeader = (header: object) =>
  jwt.sign({ said: "so" }, key.privateKey, {
    algorithm: "ES256",
    header: { alg: "ES256", typ: TYPE, ...header },
  });

describe("a statement is believed", () => {
  test("by its certificate, which an anchor issued", () => {
    expect(verify(statementOf(key))).toMatchObject({ payload: { said: "so" }, keyId: key.keyId });
  });

  test("by a chain that ends in an anchor", () => {
    const chain = withChain(key, [derOf(authority.certificatePem)]);
    expect(verify(statementOf(chain)).keyId).toBe(key.keyId);
  });
});

describe("a statement is not believed", () => {
  test.each<[string, () => string | Promise<string>]>([
    ["not a signed statement", () => "nothing"],
    ["something else than", () => signStatement(key, "another+jwt", {})],
    ["without a certificate", () => withHeader({})],
    ["without a certificate", () => withHeader({ x5c: [] })],
    ["without a certificate", () => withHeader({ x5c: key.x5c?.[0] })],
    ["not trusted", async () => statementOf(await newKey(other))],
    [
      "not trusted",
      async () => statementOf(withChain(await newKey(other), [derOf(authority.certificatePem)])),
    ],
    [
      "not trusted",
      async () => statementOf(withChain(await newKey(other), [derOf(other.certificatePem)])),
    ],
    ["not trusted", async () => statementOf(await newKey(await disguised()))],
    [
      "invalid signature",
      () => statementOf(key).replace(/[^.]*$/, signStatement(key, TYPE, {}).split(".")[2] ?? ""),
    ],
  ])("(%s)", async (reason, make) => {
    const token = await make();
    expect(() => verify(token)).toThrow(reason);
  });

  test.each([
    ["before its certificate begins", -2 * DAY],
    ["after its authority has ended", 2 * DAY],
  ])("%s", (_when, later) => {
    expect(() => verify(statementOf(key), NOW + later)).toThrow("not trusted");
  });

  test("under a certificate that has ended, of an authority that has not", async () => {
    const ended = await newKey(authority, { from: NOW - 3 * DAY, to: NOW - DAY });
    expect(() => verify(statementOf(ended))).toThrow("not trusted");
  });

  test("by the word of an authority that has ended, though its certificate goes on", async () => {
    const short = await newAuthority({ from: NOW - 60, to: NOW + 3_600 });
    const token = statementOf(await newKey(short));
    const read = (at: number) =>
      verifyStatement(token, TYPE, {
        anchors: [new X509Certificate(short.certificatePem)],
        at: new Date(at * 1000),
      });
    expect(read(NOW)).toMatchObject({ payload: { said: "so" } });
    expect(() => read(NOW + 7_200)).toThrow("not trusted");
  });

  test("under a certificate that a certified key has issued, which is no authority", async () => {
    const leaf = new X509Certificate(Buffer.from(key.x5c?.[0] ?? "", "base64"));
    const keyPem = key.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const below = await newKey({ keyPem, certificatePem: leaf.toString() });
    const token = statementOf(withChain(below, [leaf.raw.toString("base64")]));
    expect(() => verify(token)).toThrow("not trusted");
  });

  test("under a certificate of one that says nothing of what its key may do, and so not that it is an authority", async () => {
    const { certificate, key: keyPem } = await makeLeaf(authority, ["gateway"]);
    const below = await newKey({ keyPem, certificatePem: certificate });
    expect(() => verify(statementOf(withChain(below, [derOf(certificate)])))).toThrow(
      "not trusted",
    );
  });
});

test("nothing is stated by a key without a certificate", () => {
  expect(() => statementOf({ ...key, x5c: null })).toThrow("makes no statements");
});

test("what is signed, but says nothing of a caller, tells of none", () => {
  const anchors = [new X509Certificate(authority.certificatePem)];
  const read = callerVerifier({ anchors: () => anchors, now: Date.now, onTime: () => undefined });
  const request = { method: "GET", path: "/token" };
  const caller = { address: "192.0.2.1", requestId: "r" };
  expect(read(signCaller(key, caller, request, { id: "1", at: NOW }), request)).toEqual(caller);
  const empty = signStatement(key, "wharfinger-caller+jwt", {});
  expect(() => read(empty, request)).toThrow("says nothing of a caller");
});

test("a gateway says which registry it is of, and one of before says none", () => {
  const anchors = [new X509Certificate(authority.certificatePem)];
  const read = callerVerifier({ anchors: () => anchors, now: Date.now, onTime: () => undefined });
  const request = { method: "GET", path: "/token" };
  const caller = { address: "192.0.2.1", requestId: "r" };
  const told = (service?: string, id = service ?? "none") =>
    read(signCaller(key, { ...caller, service }, request, { id, at: NOW }), request).service;
  expect(told("lab.example.org")).toBe("lab.example.org");
  expect(told()).toBeUndefined();
  for (const service of ["", "x".repeat(256)]) expect(() => told(service, "bad")).toThrow();
});

/** Says that it is the trusted authority, and has another key. */
async function disguised(): Promise<Authority> {
  return { keyPem: await generateKeyPem(), certificatePem: authority.certificatePem };
}
