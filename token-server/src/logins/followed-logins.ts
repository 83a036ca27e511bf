import { ConfigError } from "#service-kit/config.js";
import type { Logger } from "#service-kit/log.js";
import { watchFile, type WatchDeps, type WatchedFile } from "#service-kit/watch-file.js";
import { YamlFileError } from "#service-kit/yaml-file.js";
import type { TeamLookup } from "../teams/team-lookup.js";
import { parseLogins, readLogins, type Logins } from "./config.js";
import {
  createIdentitySources,
  type IdentityConfig,
  type IdentityDeps,
  type IdentitySources,
} from "./create-identity-sources.js";
import type { IdentitySource } from "../identity/identity-source.js";
import { keptParts } from "./kept-parts.js";
import { readLoginsText, splitLoginsText } from "./logins-text.js";

/** The logins that count now. */
export type FollowedLogins = WatchedFile<
  IdentitySources & {
    readonly logins: Logins;
    /** What the file says, without those that it names; `null`: there is none. */
    readonly yaml: string | null;
  }
>;

/** What following the logins file needs. */
export interface FollowLoginsDeps
  extends Omit<IdentityDeps, "keep">, Pick<WatchDeps<unknown>, "onOutcome" | "every"> {
  readonly log: Logger;
  /** Puts changed logins on record; when that fails, those before stay in force. Absent: nobody asks. */
  readonly record?: (yaml: string) => Promise<void>;
}

/**
 * Makes the logins that a file describes and follows its changes. A change counts as a whole, in all that the file says:
 * what is not in it any more is a login no longer, and what was remembered of it is forgotten. Parts that did not change
 * keep their memory.
 *
 * @param path - the logins file; `null`: there is none, and nothing changes
 * @param config - what the environment says of logins
 * @param deps - service accounts, clock, log
 * @returns the logins, renewed on change; a broken file, or one whose change cannot be put on record, keeps those before it
 * @throws YamlFileError or ConfigError when it is broken at the start
 */
export async function followLogins(
  path: string | null,
  config: Omit<IdentityConfig, "logins" | "sections">,
  deps: FollowLoginsDeps,
): Promise<FollowedLogins> {
  if (path === null) return unchanging(config, deps);
  const keep = keptParts();
  const { log, record, onOutcome, every } = deps;
  const tell = (sources: readonly IdentitySource[]) => {
    log.info({ event: "logins.loaded", path, sources: sources.map(({ name }) => name) });
  };
  const load = (text: string) => {
    const { yaml, sections, files } = splitLoginsText(text);
    const logins = parseLogins(path, yaml);
    const made = createIdentitySources(
      { ...config, logins, sections: { ...sections, files } },
      { ...deps, keep },
    );
    return { ...made, logins, yaml };
  };
  const file = await watchFile(path, {
    load: (text) => {
      try {
        return load(text);
      } catch (error) {
        throw error instanceof ConfigError ? new YamlFileError(error.faults) : error;
      }
    },
    record: async ({ sources, yaml }) => {
      await record?.(yaml);
      tell(sources);
    },
    onRefused: (faults) => {
      const message = `${path} is refused, the logins before it stay in force`;
      log.error({ event: "logins.refused", faults, message });
    },
    readText: readLoginsText,
    ...(onOutcome === undefined ? {} : { onOutcome }),
    ...(every === undefined ? {} : { every }),
  });
  tell(file.current().sources);
  return file;
}

/**
 * @param logins - the logins that count now
 * @returns a lookup of teams by what counts at the time of each question
 */
export function currentTeams(logins: Pick<FollowedLogins, "current">): TeamLookup {
  return { teamsOf: (login) => logins.current().teams.teamsOf(login) };
}

function unchanging(
  config: Omit<IdentityConfig, "logins" | "sections">,
  deps: FollowLoginsDeps,
): FollowedLogins {
  const logins = readLogins(null);
  const made = { ...createIdentitySources({ ...config, logins }, deps), logins, yaml: null };
  return {
    current: () => made,
    reload: () => Promise.resolve("unchanged"),
    stop: () => undefined,
  };
}
