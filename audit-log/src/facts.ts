import { createHash } from "node:crypto";
import type { Fact } from "./record-fact.js";

/** A key as the audit log names it. */
export interface KeyOnRecord {
  readonly name: string;
  readonly keyId: string;
  /** When it begins to sign. */
  readonly signsFrom: string;
}

/**
 * @param owner - service that the keys belong to
 * @param keys - all its keys
 * @returns the fact that it has these
 */
export function keysFact(owner: string, keys: readonly KeyOnRecord[]): Fact {
  const names = keys.map(({ keyId, signsFrom }) => `${keyId} ${signsFrom}`).sort();
  const fingerprint = createHash("sha256").update(names.join("\n")).digest("hex");
  const reason = "these are the signing keys now";
  return { action: "key.rotated", subject: owner, fingerprint, reason, detail: { keys } };
}

/**
 * @param policy - an access policy: its file, how many rules it has, and the hash of its text
 * @returns the fact that it is in force
 */
export function policyFact(policy: {
  readonly path: string;
  readonly rules: number;
  readonly sha256: string;
}): Fact {
  const { path, rules, sha256: fingerprint } = policy;
  const reason = "this is the access policy now";
  const detail = { path, rules };
  return { action: "policy.changed", subject: "access policy", fingerprint, reason, detail };
}
