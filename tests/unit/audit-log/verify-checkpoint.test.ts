import { createPrivateKey, X509Certificate } from "node:crypto";
import { beforeAll, expect, test } from "@jest/globals";
import { CHECKPOINT_TYPE, tokenHash } from "#audit-log/checkpoint.js";
import type { CheckpointRow } from "#audit-log/sql/checkpoints.js";
import { verifyCheckpoint } from "#audit-log/verify/verify-checkpoint.js";
import {
  generateKeyPem,
  issueCertificate,
  selfSignAuthority,
} from "#service-kit/signing/certificates.js";
import { assembleSigningKey, type SigningKey } from "#service-kit/signing/signing-key.js";
import { signStatement } from "#service-kit/signing/statement.js";

const NOW = Math.floor(Date.now() / 1000);
const AT = new Date(NOW * 1000);
const HEADS = [3, 4].map((position, chain) => ({ chain, position, hash: "0".repeat(64) }));

let key: SigningKey;
let anchors: X509Certificate[];
beforeAll(async () => {
  const validity = { from: NOW - 60, to: NOW + 3_600 };
  const keyPem = await generateKeyPem();
  const authority = { keyPem, certificatePem: await selfSignAuthority(keyPem, validity) };
  const own = createPrivateKey(await generateKeyPem());
  const certificate = await issueCertificate(authority, own, "gateway", validity);
  key = await assembleSigningKey(own, [new X509Certificate(certificate)], "test");
  anchors = [new X509Certificate(authority.certificatePem)];
});

/** @returns a checkpoint as it is stored, and whose token says something else where that is wanted */
function checkpoint(
  number: number,
  before: CheckpointRow | null,
  said: object = {},
): CheckpointRow {
  const previous = before === null ? "" : tokenHash(before.token);
  const payload = { number, at: AT.toISOString(), heads: HEADS, previous, ...said };
  return { number, at: AT, entries: 7, token: signStatement(key, CHECKPOINT_TYPE, payload) };
}

const verify = (row: CheckpointRow, before: CheckpointRow | null) =>
  verifyCheckpoint(row, before, anchors).checkpoint.number;

test("a checkpoint is genuine that states what it is filed with, and continues the one before", () => {
  const first = checkpoint(1, null);
  expect(verify(first, null)).toBe(1);
  expect(verify(checkpoint(2, first), first)).toBe(2);
});

test.each<[string, (first: CheckpointRow) => CheckpointRow]>([
  ["missing; the next one is 3", (first) => checkpoint(3, first)],
  ["missing; the next one is 1", () => checkpoint(1, null)],
  ["does not continue the checkpoint before", () => checkpoint(2, null)],
  ["does not continue the checkpoint before", (first) => checkpoint(2, checkpoint(1, first))],
  ["signed as number 3", (first) => checkpoint(2, first, { number: 3 })],
  ["signed, but not a checkpoint", (first) => checkpoint(2, first, { heads: "none" })],
  [
    "not signed at the time it is filed",
    (first) => ({ ...checkpoint(2, first), at: new Date(AT.getTime() + 1) }),
  ],
  [
    "filed with another number of entries than it states",
    (first) => ({ ...checkpoint(2, first), entries: 8 }),
  ],
])("a checkpoint is refused: %s", (problem, made) => {
  const first = checkpoint(1, null);
  expect(() => verify(made(first), first)).toThrow(problem);
});
