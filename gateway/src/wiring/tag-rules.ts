import { fileFact } from "#audit-log/facts.js";
import type { Records } from "#audit-log/open-records.js";
import type { Logger } from "#service-kit/log.js";
import type { RefusedFiles } from "#service-kit/refused-files.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import { differenceOfTagRules } from "../config/tag-policy-difference.js";
import {
  BUILT_IN_TAG_POLICY,
  openTagPolicy,
  type TagPolicyFile,
} from "../config/tag-policy-file.js";

/**
 * @param path - file with the rules for tags; `null`: the built-in ones
 * @param deps - puts a change of them on record before it counts, and tells of it
 * @returns the rules, followed while the file changes
 * @throws YamlFileError when the file cannot be used
 */
export async function openTagRules(
  path: string | null,
  deps: {
    readonly records: Pick<Records, "note" | "record">;
    readonly log: Logger;
    /** Absent: nobody asks. */
    readonly files?: RefusedFiles;
  },
): Promise<Opened & { readonly policy: TagPolicy }> {
  const { records, log, files } = deps;
  const record = (version: ReturnType<TagPolicyFile["version"]>) =>
    records.record({ ...fileFact("tags", version), difference: differenceOfTagRules });
  const rules =
    path === null
      ? BUILT_IN_TAG_POLICY
      : await openTagPolicy(path, {
          ...{ log, record },
          ...(files && { onOutcome: files.follow(path) }),
        });
  records.note({ ...fileFact("tags", rules.version()), difference: differenceOfTagRules });
  return { policy: rules.policy, parts: [rules] };
}
