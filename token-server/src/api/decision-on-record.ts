import type { DecisionOnRecord } from "#access-policy/judge-again.js";
import { RULE_KINDS } from "#access-policy/rule.js";
import type { AuditAction } from "#audit-log/entry.js";
import type { RecordedEntry } from "#audit-log/recorded-entry.js";
import { isRepositoryName } from "#registry-protocol/repository-name.js";

/** What was asked of the policy, by what is on record of it. */
const ASKED: Partial<Record<AuditAction, DecisionOnRecord["action"]>> = {
  "tag.pushed": "push",
  "tag.refused": "push",
  "manifest.pushed": "push",
  "tag.locked": "push",
  "repository.described": "push",
  "image.marked": "push",
  "tag.deleted": "delete",
  "manifest.deleted": "delete",
};

/** Entries of these are decisions of it. */
export const DECISIONS = Object.keys(ASKED) as readonly AuditAction[];

/**
 * @param entry - one of {@link DECISIONS}
 * @param isGrantOfThese - whether the rules in force are those that it was granted by
 * @returns what a policy can be asked about it again; a text: what the record does not say
 */
export function decisionIn(
  { action, actor, repository }: RecordedEntry,
  isGrantOfThese: boolean,
): DecisionOnRecord | string {
  const { uid, realm, address } = actor;
  const kind = [...RULE_KINDS, "unrestricted" as const].find((one) => one === actor.kind);
  const asked = ASKED[action as AuditAction];
  if (kind === undefined || asked === undefined) return `a login of kind ${actor.kind}`;
  if (repository === null || !isRepositoryName(repository)) return "the repository";
  return {
    asker: { uid, realm, kind },
    address: address === "" ? null : address,
    ...{ action: asked, repository, isGrantOfThese },
  };
}
