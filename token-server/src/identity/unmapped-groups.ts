import { LRUCache } from "lru-cache";
import { visible } from "#registry-protocol/text.js";
import type { Logger } from "#service-kit/log.js";
import type { IdentitySource } from "./identity-source.js";

const REMEMBERED = 10_000;
const MOST_TOLD = 100;
const MOST_NAME_CHARACTERS = 255;

/**
 * A group that no team comes of may be meant to be none, or written otherwise in the logins file than where it comes
 * from. Nobody but its reader can tell, so each is told once.
 *
 * @param source - whose logins say groups
 * @param log - where it is told
 * @returns the source
 */
export function tellingUnmappedGroups(
  source: IdentitySource,
  log: Pick<Logger, "info">,
): IdentitySource {
  const told = new LRUCache<string, true>({ max: REMEMBERED });
  return {
    ...source,
    verify: async (credentials, accounts) => {
      const login = await source.verify(credentials, accounts);
      const fresh = (login.unmappedGroups ?? []).filter((group) => !told.has(group));
      for (const group of fresh) told.set(group, true);
      if (fresh.length > 0)
        log.info({
          event: "groups.unmapped",
          source: source.name,
          count: fresh.length,
          groups: fresh.slice(0, MOST_TOLD).map((group) => visible(group, MOST_NAME_CHARACTERS)),
          message: "no team comes of these groups; each is told once",
        });
      return login;
    },
  };
}
