import { ResultCodeError, SizeLimitExceededError, type Client, type Entry } from "ldapts";
import { teamMapping, type MappedTeams } from "../team-mapping.js";
import { firstValueOf } from "./distinguished-name.js";
import { allValuesOf, valuesOf } from "./entry-values.js";
import type { FilterValues } from "./filter.js";
import type { LdapConfig } from "./ldap-schema.js";
import { filled, GroupsWithheld } from "./unusable.js";

/** Where a directory gives less at once than there are; none wants smaller pages. */
const GROUPS_AT_ONCE = 100;
/** RFC 4511, appendix A: size limit, administrative limit, no pages here, unwilling. */
const NOT_MORE: readonly number[] = [4, 11, 12, 53];
const MOST_GROUPS = 20_000;

/**
 * All groups or none: a rule that denies something to a team would not hold for somebody of whom a part is known.
 *
 * @param client - bound as one who may search
 * @param config - where groups are and what they are called
 * @param user - the entry, and names that stand for it in filters
 * @returns teams, and groups that no team came of; `null` when groups are not configured
 * @throws GroupsWithheld when there are more than the directory gives, or whatever the connection throws
 */
export async function teamsOf(
  client: Client,
  config: LdapConfig,
  user: { readonly entry: Entry; readonly names: FilterValues },
): Promise<MappedTeams | null> {
  const { groups, memberOf } = config;
  const options = memberOf ?? groups;
  if (options === undefined) return null;
  const names =
    memberOf === undefined
      ? await namesOfGroups(client, config, user.names)
      : (await allValuesOf(client, user.entry, memberOf.attribute)).map(groupName);
  return teamMapping(options, "caseless")(names);
}

/** What is no distinguished name stays as it is: no team comes of it, and it is told as it was found. */
function groupName(value: string): string {
  return firstValueOf(value) ?? value;
}

async function namesOfGroups(
  client: Client,
  { groups }: LdapConfig,
  names: FilterValues,
): Promise<readonly string[]> {
  if (groups === undefined) return [];
  const options = { filter: filled(groups.filter, names), attributes: [groups.attribute] };
  const namesOf = (found: readonly Entry[]) =>
    found.flatMap((group) => valuesOf(group, groups.attribute));
  try {
    return namesOf((await client.search(groups.base, options)).searchEntries);
  } catch (error) {
    if (!(error instanceof SizeLimitExceededError)) throw error;
  }
  const paged = { ...options, paged: { pageSize: GROUPS_AT_ONCE } };
  const found: string[] = [];
  try {
    for await (const { searchEntries } of client.searchPaginated(groups.base, paged)) {
      found.push(...namesOf(searchEntries));
      if (found.length > MOST_GROUPS)
        throw new GroupsWithheld(`their groups are more than ${MOST_GROUPS}`);
    }
  } catch (error) {
    if (!(error instanceof ResultCodeError && NOT_MORE.includes(error.code))) throw error;
    throw new GroupsWithheld(
      "the directory does not give all of their groups (its size limit is to be raised, or memberOf used)",
    );
  }
  return found;
}
