import { createHash } from "node:crypto";
import { z } from "zod";
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
 * @param policy - an access policy: its file, how many rules it has, its text and the hash of that
 * @returns the fact that it is in force
 */
export function policyFact(policy: {
  readonly path: string;
  readonly rules: number;
  readonly sha256: string;
  readonly content: string;
}): Fact {
  const { path, rules, sha256: fingerprint, content } = policy;
  const reason = "this is the access policy now";
  const detail = { path, rules };
  return {
    action: "policy.changed",
    subject: "access policy",
    fingerprint,
    reason,
    detail,
    content,
  };
}

/**
 * @param logins - what the logins file says, without the files that it names
 * @returns the fact that these are the logins
 */
export function loginsFact({ path, yaml }: { readonly path: string; readonly yaml: string }): Fact {
  const fingerprint = createHash("sha256").update(yaml).digest("hex");
  const reason = "these are the logins now";
  const detail = { path };
  return {
    action: "policy.changed",
    subject: "logins",
    fingerprint,
    reason,
    detail,
    content: yaml,
  };
}

/**
 * @param service - whose settings they are
 * @param settings - variables that decide who may do what, with their values; `null`: not given
 * @returns the fact that they are in force
 */
export function settingsFact(
  service: string,
  settings: Readonly<Record<string, string | null>>,
): Fact {
  const sorted = Object.entries(settings).sort(([one], [other]) => (one < other ? -1 : 1));
  const fingerprint = createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
  return {
    ...{ action: "settings.changed", subject: service, fingerprint },
    reason: "these are the settings now",
    detail: { settings: Object.fromEntries(sorted.filter(([, value]) => value !== null)) },
    since: (before) => ({ changed: changedSince(before["settings"], sorted) }),
  };
}

function changedSince(before: unknown, now: readonly (readonly [string, string | null])[]) {
  const known = z.record(z.string(), z.string()).safeParse(before).data ?? {};
  const gone = Object.keys(known).filter((name) => !now.some(([one]) => one === name));
  const all = [...now, ...gone.map((name) => [name, null] as const)];
  return Object.fromEntries(
    all
      .map(([name, to]) => [name, { from: known[name] ?? null, to }] as const)
      .filter(([, { from, to }]) => from !== to),
  );
}
