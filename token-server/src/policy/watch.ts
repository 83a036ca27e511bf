import { DEFAULT_POLICY } from "#access-policy/default-policy.js";
import type { Policy } from "#access-policy/compile.js";
import type { Logger } from "#service-kit/log.js";
import {
  watchFile,
  type WatchDeps as WatchFileDeps,
  type WatchedFile,
} from "#service-kit/watch-file.js";
import { loadPolicy } from "./load.js";

/** The policy that counts now. */
export type PolicySource = WatchedFile<Policy>;

/** What following a policy file needs. */
export interface WatchDeps extends Pick<WatchFileDeps<Policy>, "onOutcome" | "readText" | "every"> {
  readonly log: Pick<Logger, "info" | "warn" | "error">;
}

/** The built-in policy, where no file is given. */
export const builtInPolicy: PolicySource = {
  current: () => DEFAULT_POLICY,
  reload: () => Promise.resolve("unchanged"),
  stop: () => undefined,
};

/**
 * Loads a policy file and follows its changes.
 *
 * @param path - the file
 * @param deps - log, metric, and in tests the clock
 * @returns the policy, renewed on change; a broken file keeps the old one
 * @throws YamlFileError when the file is broken at the start
 */
export function watchPolicy(path: string, { log, ...deps }: WatchDeps): Promise<PolicySource> {
  return watchFile(path, {
    ...deps,
    load: (text, sha256) => announce(path, text, sha256, log),
    onRefused: (faults) => {
      log.error({
        event: "policy.refused",
        faults,
        message: `${path} is broken, the policy before it stays in force`,
      });
    },
  });
}

function announce(path: string, text: string, sha256: string, log: WatchDeps["log"]): Policy {
  const { policy, warnings } = loadPolicy(path, text);
  for (const message of warnings) log.warn({ event: "policy.doubtful", message });
  log.info({ event: "policy.loaded", path, rules: policy.rules.length, sha256 });
  return policy;
}
