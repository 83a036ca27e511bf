import type { Logger } from "#service-kit/log.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { watchFile, type WatchDeps } from "#service-kit/watch-file.js";
import { parseYaml, YamlFileError } from "#service-kit/yaml-file.js";
import { compileTagPolicy, type TagPolicy } from "./tag-policy.js";
import { tagPolicySchema } from "./tag-policy-schema.js";

/** A tag policy in a file, followed while the process runs. */
export interface TagPolicyFile extends Component {
  /** Always asks the rules that count now. */
  readonly policy: TagPolicy;
}

/** A change of the rules, for the audit log. */
export interface TagPolicyChange {
  readonly path: string;
  readonly sha256: string;
  readonly previousSha256: string;
}

/** What following the file needs. */
export interface TagPolicyFileDeps extends Pick<WatchDeps<TagPolicy>, "readText" | "every"> {
  readonly log: Pick<Logger, "info" | "error">;
  /** Told of every content that takes the place of another one. */
  readonly onChange: (change: TagPolicyChange) => void;
}

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
 * @returns the policy in it, renewed within about four seconds of a change, at once on SIGHUP; a broken file
 *   keeps the rules before it
 * @throws YamlFileError when the file is broken at the start
 */
export async function openTagPolicy(path: string, deps: TagPolicyFileDeps): Promise<TagPolicyFile> {
  const { log, onChange, ...watching } = deps;
  let inForce: string | null = null;
  const file = await watchFile(path, {
    ...watching,
    load: (text, sha256) => {
      const policy = loadTagPolicy(path, text);
      log.info({ event: "tag-policy.loaded", path, sha256 });
      if (inForce !== null) onChange({ path, sha256, previousSha256: inForce });
      inForce = sha256;
      return policy;
    },
    onRefused: (faults) => {
      const message = `${path} is broken, the rules before it stay in force`;
      log.error({ event: "tag-policy.refused", faults, message });
    },
  });
  const onHangup = () => void file.reload();
  return {
    name: "tag policy",
    policy: {
      ruleFor: (repository, tag) => file.current().ruleFor(repository, tag),
      isLatestVirtual: (repository) => file.current().isLatestVirtual(repository),
    },
    start: () => {
      process.on("SIGHUP", onHangup);
      return Promise.resolve();
    },
    stop: () => {
      process.off("SIGHUP", onHangup);
      file.stop();
      return Promise.resolve();
    },
  };
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
