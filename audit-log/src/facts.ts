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

/** Which files are on record, by the subject of their entries. */
export const FOLLOWED_FILES = {
  access: "access policy",
  tags: "tag policy",
  logins: "logins",
  directory: "directory",
} as const;

/** A file that decides who may do what. */
export interface FollowedFile {
  readonly path: string;
  /** Of its content. */
  readonly sha256: string;
  /** Without secrets; `null`: there is no file. */
  readonly content: string | null;
}

/**
 * @param of - which
 * @param file - what it says
 * @param more - what else is said of it
 * @returns the fact that it is in force
 */
export function fileFact(
  of: keyof typeof FOLLOWED_FILES,
  { path, sha256, content }: FollowedFile,
  more: Readonly<Record<string, unknown>> = {},
): Fact {
  return {
    ...{ action: "policy.changed", subject: FOLLOWED_FILES[of], fingerprint: sha256 },
    ...{ reason: REASONS[of], detail: { path, ...more } },
    ...(content === null ? {} : { content }),
  };
}

const REASONS = {
  access: "this is the access policy now",
  tags: "these are the rules for tags now",
  logins: "these are the logins now",
  directory: "this is the directory now",
} as const;

/**
 * @param policy - an access policy, and how many rules it has
 * @returns the fact that it is in force
 */
export function policyFact(policy: FollowedFile & { readonly rules: number }): Fact {
  return fileFact("access", policy, { rules: policy.rules });
}

/**
 * @param logins - what the logins file says, without the files that it names
 * @returns the fact that these are the logins
 */
export function loginsFact(logins: { readonly path: string; readonly yaml: string }): Fact {
  return yamlFact("logins", logins);
}

/**
 * @param directory - what the directory file says
 * @returns the fact that this is the directory
 */
export function directoryFact(directory: { readonly path: string; readonly yaml: string }): Fact {
  return yamlFact("directory", directory);
}

function yamlFact(
  of: keyof typeof FOLLOWED_FILES,
  { path, yaml }: { readonly path: string; readonly yaml: string },
): Fact {
  const sha256 = createHash("sha256").update(yaml).digest("hex");
  return fileFact(of, { path, sha256, content: yaml });
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
