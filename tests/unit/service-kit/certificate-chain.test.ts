import { createPrivateKey, X509Certificate } from "node:crypto";
import { beforeAll, beforeEach, expect, test } from "@jest/globals";
import { rememberedLeaves, type LeafOf } from "#service-kit/signing/certificate-chain.js";
import {
  generateKeyPem,
  issueCertificate,
  selfSignAuthority,
  type Authority,
} from "#service-kit/signing/certificates.js";

const HOUR = 3_600;
const NOW = Math.floor(Date.now() / 1000);

let authority: Authority;
let anchors: X509Certificate[];
/** Good for an hour, of an authority that is good for two. */
let chain: string[];
let leafOf: LeafOf;

beforeAll(async () => {
  authority = await newAuthority();
  anchors = [new X509Certificate(authority.certificatePem)];
  const own = createPrivateKey(await generateKeyPem());
  const validity = { from: NOW - 60, to: NOW + HOUR };
  const certificate = await issueCertificate(authority, own, "gateway", validity);
  chain = [new X509Certificate(certificate).raw.toString("base64")];
});
beforeEach(() => {
  leafOf = rememberedLeaves();
  read();
});

async function newAuthority(): Promise<Authority> {
  const keyPem = await generateKeyPem();
  const validity = { from: NOW - 60, to: NOW + 2 * HOUR };
  return { keyPem, certificatePem: await selfSignAuthority(keyPem, validity) };
}

const read = (x5c: readonly string[] = chain, trusted = anchors, at = NOW) =>
  leafOf(x5c, trusted, new Date(at * 1000));

test("a chain that was trusted is, and gives the same certificate", () => {
  expect(read()).toBe(read());
  expect(read().raw.toString("base64")).toBe(chain[0]);
});

test("a chain that was trusted is no more when one of its certificates has ended", () => {
  expect(() => read(chain, anchors, NOW + HOUR + 1)).toThrow("not trusted");
});

test("a chain that was trusted is not before its certificates begin", () => {
  expect(() => read(chain, anchors, NOW - 30 * 24 * HOUR)).toThrow("not trusted");
});

test("a chain that was trusted is no more when its authority is not", async () => {
  const others = [new X509Certificate((await newAuthority()).certificatePem)];
  expect(() => read(chain, others)).toThrow("not trusted");
  expect(read().raw.toString("base64")).toBe(chain[0]);
});

test("another chain is not trusted because one was", async () => {
  const own = createPrivateKey(await generateKeyPem());
  const validity = { from: NOW - 60, to: NOW + HOUR };
  const foreign = await issueCertificate(await newAuthority(), own, "gateway", validity);
  const x5c = [new X509Certificate(foreign).raw.toString("base64"), ...chain];
  expect(() => read(x5c)).toThrow("not trusted");
  expect(() => read([])).toThrow("without a certificate");
});
