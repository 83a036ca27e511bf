import type { FollowedFile } from "#audit-log/facts.js";
import type { Logger } from "#service-kit/log.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { reloadOnHangup } from "#service-kit/reload-on-hangup.js";
import { watchFile, type WatchDeps } from "#service-kit/watch-file.js";
import { parseYaml, YamlFileError } from "#service-kit/yaml-file.js";
import {
  BUILT_IN,
  compileTagPolicy,
  PIER_ONE_TAGS,
  type TagPolicy,
} from "#tag-policy/tag-policy.js";
import { tagPolicySchema } from "#tag-policy/tag-policy-schema.js";

/** A tag policy in a file, followed while the process runs. */
export interface TagPolicyFile extends Component {
  /** Always asks the rules that count now. */
  readonly policy: TagPolicy;
  version(): TagPolicyVersion;
}

/** A tag policy as the audit log names it; its path is `built-in` without a file. */
export type TagPolicyVersion = FollowedFile;

/** What following the file needs. */
export interface TagPolicyFileDeps extends Pick<
  WatchDeps<Versioned>,
  "readText" | "every" | "onOutcome"
> {
  readonly log: Pick<Logger, "info" | "error">;
  /** Puts changed rules on record; when that fails, the ones before stay in force. */
  readonly record: (version: TagPolicyVersion) => Promise<void>;
}

interface Versioned {
  readonly policy: TagPolicy;
  readonly version: TagPolicyVersion;
}

/** The rules that hold without a file. */
export const BUILT_IN_TAG_POLICY: TagPolicyFile = {
  name: "tag policy",
  policy: PIER_ONE_TAGS,
  version: () => ({ path: BUILT_IN, sha256: BUILT_IN, content: null }),
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

const MOST_CHARACTERS = 1024 * 1024;

/**
 * @param name - name of the file, for messages
 * @param text - its content, YAML
 * @returns the policy
 * @throws YamlFileError with every fault in the file and its line
 */
export function loadTagPolicy(name: string, text: string): TagPolicy {
  if (text.length > MOST_CHARACTERS) throw new YamlFileError([`${name}: is longer than 1 MiB`]);
  return compileTagPolicy(checked(name, text).rules);
}

/**
 * @param path - `TAG_POLICY_FILE`
 * @param deps - log and audit log
 * @returns the policy in it, renewed within about four seconds of a change, at once on SIGHUP; a file that is
 *   broken, or whose change cannot be put on record, keeps the rules before it
 * @throws YamlFileError when the file is broken at the start
 */
export async function openTagPolicy(path: string, deps: TagPolicyFileDeps): Promise<TagPolicyFile> {
  const { log, record, ...watching } = deps;
  const file = await watchFile<Versioned>(path, {
    ...watching,
    load: (text, sha256) => ({
      policy: loadTagPolicy(path, text),
      version: { path, sha256, content: text },
    }),
    record: async ({ version }) => {
      await record(version);
      log.info({ event: "tag-policy.loaded", ...shown(version) });
    },
    onRefused: (faults) => {
      const message = `${path} is refused, the rules before it stay in force`;
      log.error({ event: "tag-policy.refused", faults, message });
    },
  });
  log.info({ event: "tag-policy.loaded", ...shown(file.current().version) });
  return {
    ...reloadOnHangup("tag policy", file),
    policy: {
      ruleFor: (repository, tag) => file.current().policy.ruleFor(repository, tag),
      isVirtual: (key) => file.current().policy.isVirtual(key),
      fingerprint: () => file.current().version.sha256,
    },
    version: () => file.current().version,
  };
}

function shown({ path, sha256 }: TagPolicyVersion) {
  return { path, sha256 };
}

function checked(name: string, text: string) {
  try {
    return parseYaml(name, text, tagPolicySchema);
  } catch (error) {
    // The YAML library throws errors of its own for aliases that lead nowhere or explode.
    const faults = error instanceof YamlFileError ? error.faults : [`${name}: ${String(error)}`];
    const lineOf = (fault: string) => Number.parseInt(fault.slice(name.length + 1), 10) || 0;
    throw new YamlFileError([...faults].sort((a, b) => lineOf(a) - lineOf(b)));
  }
}
