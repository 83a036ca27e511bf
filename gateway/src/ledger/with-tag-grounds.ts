import type { AuditAction } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { tagGroundsOf } from "#tag-policy/tag-grounds.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";

/** What a rule for tags has a say in. */
const BY_TAG_RULE: readonly AuditAction[] = [
  "tag.pushed",
  "tag.adopted",
  "tag.refused",
  "tag.deleted",
  "tag.locked",
];

/**
 * @param record - writes the audit log
 * @param policy - the rules for tags
 * @returns the same, which also says by which rule of which file: where whoever decided does not, by that of the moment
 */
export function withTagGrounds(
  record: RecordAudit,
  policy: Pick<TagPolicy, "ruleFor" | "fingerprint">,
): RecordAudit {
  return (tx, entry) => {
    const { action, repository, tag, detail } = entry;
    if (repository === null || tag === null || !BY_TAG_RULE.includes(action))
      return record(tx, entry);
    const grounds = tagGroundsOf(policy, parseRepositoryName(repository), parseTag(tag));
    return record(tx, { ...entry, detail: { ...grounds, ...detail } });
  };
}
