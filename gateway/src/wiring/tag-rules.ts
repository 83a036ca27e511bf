import type { Logger } from "#service-kit/log.js";
import {
  BUILT_IN_TAG_POLICY,
  openTagPolicy,
  type TagPolicyFile,
} from "../ledger/tag-policy-file.js";

/**
 * @param path - file with the rules for tags; `null`: the built-in ones
 * @param record - records a change of them before it counts
 * @param log - where changes are told
 * @returns the rules, followed while the file changes
 * @throws YamlFileError when the file cannot be used
 */
export async function openTagRules(
  path: string | null,
  record: (version: ReturnType<TagPolicyFile["version"]>) => Promise<void>,
  log: Logger,
): Promise<TagPolicyFile> {
  return path === null ? BUILT_IN_TAG_POLICY : openTagPolicy(path, { log, record });
}
