import { parse } from "yaml";
import { z } from "zod";
import { compilePolicy, type Policy } from "#access-policy/compile.js";
import { policySchema } from "#access-policy/policy-schema.js";
import type { RuleSpec } from "#access-policy/rule.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { compileTagPolicy, PIER_ONE_TAGS, type TagPolicy } from "#tag-policy/tag-policy.js";
import { tagPolicySchema } from "#tag-policy/tag-policy-schema.js";
import { fileAt, type FileThen } from "../at-one-moment.js";
import { FOLLOWED_FILES } from "../facts.js";

/** A file that was in force, without what it said. */
export type FileNamed = Omit<FileThen, "content">;

/** Members of a team by the logins file: `/realm/uid`. */
export type TeamsThen = Readonly<Record<string, readonly string[]>>;

const loginsSchema = z.looseObject({
  teams: z.record(z.string(), z.array(z.string())).optional(),
  ldap: z.unknown().optional(),
  oidc: z.unknown().optional(),
});

/**
 * @param content - what a policy file said, or the built-in rules as they are on record
 * @returns its rules; `null` where they cannot be read any more
 */
export function rulesIn(content: string | null): readonly RuleSpec[] | null {
  const raw = content === null ? null : yamlOrNull(content);
  const file: unknown = Array.isArray(raw) ? { rules: raw } : raw;
  return policySchema.safeParse(file).data?.rules ?? null;
}

/**
 * @param db - the audit log
 * @param at - a moment
 * @returns the access policy that was in force then; `null`: none is on record that can be read
 */
export async function accessPolicyAt(
  db: Queryable,
  at: Date,
): Promise<{ readonly file: FileNamed; readonly policy: Policy } | null> {
  const file = await fileAt(db, FOLLOWED_FILES.access, at);
  const rules = rulesIn(file?.content ?? null);
  if (file === null || rules === null) return null;
  return { file: named(file), policy: compilePolicy(rules) };
}

/**
 * @param db - the audit log
 * @param at - a moment
 * @returns the rules for tags that were in force then; the built-in ones stand in no file
 */
export async function tagPolicyAt(
  db: Queryable,
  at: Date,
): Promise<{ readonly file: FileNamed; readonly policy: TagPolicy } | null> {
  const file = await fileAt(db, FOLLOWED_FILES.tags, at);
  if (file === null) return null;
  if (file.path === "built-in") return { file: named(file), policy: PIER_ONE_TAGS };
  const rules = tagPolicySchema.safeParse(yamlOrNull(file.content ?? "")).data?.rules;
  return rules === undefined ? null : { file: named(file), policy: compileTagPolicy(rules) };
}

/** Who could log in. */
export interface LoginsThen {
  readonly file: FileNamed;
  /** Teams that the file names. */
  readonly teams: TeamsThen;
  /** Whether somebody may have been in others, by their groups or claims. */
  readonly hasGroups: boolean;
}

/**
 * @param db - the audit log
 * @param at - a moment
 * @returns the logins file of then, and the teams that it names with all their members; `null`: none is on record
 */
export async function loginsAt(db: Queryable, at: Date): Promise<LoginsThen | null> {
  const file = await fileAt(db, FOLLOWED_FILES.logins, at);
  if (file === null) return null;
  const content = loginsSchema.safeParse(yamlOrNull(file.content ?? "")).data;
  const { teams = {}, ldap, oidc } = content ?? {};
  return { file: named(file), teams, hasGroups: ldap !== undefined || oidc !== undefined };
}

/**
 * @param text - YAML
 * @returns what it says; `null` where it is none
 */
export function yamlOrNull(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return null;
  }
}

function named({ since, path, sha256 }: FileThen): FileNamed {
  return { since, path, sha256 };
}
