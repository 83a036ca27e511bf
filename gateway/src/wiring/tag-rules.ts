import { recordFact, type FactDeps } from "#audit-log/record-fact.js";
import type { Logger } from "#service-kit/log.js";
import {
  BUILT_IN_TAG_POLICY,
  openTagPolicy,
  tagPolicyFact,
  type TagPolicyFile,
} from "../ledger/tag-policy-file.js";

/**
 * @param path - file with the rules for tags; `null`: the built-in ones
 * @param onRecord - where a change of them is recorded before it counts
 * @param log - where changes are told
 * @returns the rules, followed while the file changes
 * @throws YamlFileError when the file cannot be used
 */
export async function openTagRules(
  path: string | null,
  onRecord: FactDeps,
  log: Logger,
): Promise<TagPolicyFile> {
  if (path === null) return BUILT_IN_TAG_POLICY;
  const record = async (version: Parameters<typeof tagPolicyFact>[0]) => {
    await recordFact(onRecord, tagPolicyFact(version));
  };
  return openTagPolicy(path, { log, record });
}
