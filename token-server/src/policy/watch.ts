import { createHash } from "node:crypto";
import { DEFAULT_POLICY, DEFAULT_RULES } from "#access-policy/default-policy.js";
import type { Policy } from "#access-policy/compile.js";
import type { Logger } from "#service-kit/log.js";
import {
  watchFile,
  type WatchDeps as WatchFileDeps,
  type WatchedFile,
} from "#service-kit/watch-file.js";
import { loadPolicy } from "./load.js";

/** A policy as the audit log names it. */
export interface PolicyVersion {
  /** Its file; `built-in` without one. */
  readonly path: string;
  readonly rules: number;
  /** Of the file's content. */
  readonly sha256: string;
  readonly content: string;
}

/** The policy that counts now. */
export interface PolicySource extends WatchedFile<Policy> {
  version(): PolicyVersion;
}

/** The rules, and what they go by. */
export interface CurrentPolicy {
  /**
   * @param service - the registry that is asked about; absent: that of the configuration
   * @returns what counts there now
   * @throws Fault UNAVAILABLE while something that the rules go by is not known
   */
  current(service?: string): Policy;
}

/** The same, with what it is known by. */
export interface DecidingPolicy extends CurrentPolicy {
  version(): PolicyVersion;
}

/** What following a policy file needs. */
export interface WatchDeps extends Pick<
  WatchFileDeps<Versioned>,
  "onOutcome" | "readText" | "every"
> {
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** Puts a changed policy on record; when that fails, the one before it stays in force. */
  readonly record?: (version: PolicyVersion) => Promise<void>;
}

interface Versioned {
  readonly policy: Policy;
  readonly version: PolicyVersion;
}

const BUILT_IN_TEXT = JSON.stringify(DEFAULT_RULES);

/** The built-in policy, where no file is given. */
export const builtInPolicy: PolicySource = {
  current: () => DEFAULT_POLICY,
  version: () => ({
    path: "built-in",
    rules: DEFAULT_RULES.length,
    sha256: createHash("sha256").update(BUILT_IN_TEXT).digest("hex"),
    content: BUILT_IN_TEXT,
  }),
  reload: () => Promise.resolve("unchanged"),
  stop: () => undefined,
};

/**
 * Loads a policy file and follows its changes.
 *
 * @param path - the file
 * @param deps - log, metric, and in tests the clock
 * @returns the policy, renewed on change; a file that is broken, or whose change cannot be put on record,
 *   keeps the old one
 * @throws YamlFileError when the file is broken at the start
 */
export async function watchPolicy(
  path: string,
  { log, record, ...deps }: WatchDeps,
): Promise<PolicySource> {
  const file = await watchFile<Versioned>(path, {
    ...deps,
    load: (text, sha256) => loadVersion(path, text, sha256, log),
    record: async ({ version }) => {
      await record?.(version);
      log.info({ event: "policy.loaded", ...shown(version) });
    },
    onRefused: (faults) => {
      const message = `${path} is refused, the policy before it stays in force`;
      log.error({ event: "policy.refused", faults, message });
    },
  });
  log.info({ event: "policy.loaded", ...shown(file.current().version) });
  return {
    ...file,
    current: () => file.current().policy,
    version: () => file.current().version,
  };
}

function loadVersion(path: string, text: string, sha256: string, log: WatchDeps["log"]): Versioned {
  const { policy, warnings } = loadPolicy(path, text);
  for (const message of warnings) log.warn({ event: "policy.doubtful", message });
  return { policy, version: { path, rules: policy.rules.length, sha256, content: text } };
}

function shown({ path, rules, sha256 }: PolicyVersion) {
  return { path, rules, sha256 };
}
