import { type Client, type Entry, ResultCodeError, SizeLimitExceededError } from "ldapts";
import type { Secret } from "#service-kit/secret.js";
import { teamMapping } from "../team-mapping.js";
import { withConnection } from "./connection.js";
import { fillFilter, type FilterValues } from "./filter.js";
import type { LdapConfig } from "./ldap-schema.js";

/** Somebody whom the directory knows, and whose password was right. */
export interface DirectoryUser {
  readonly uid: string;
  /** `null` when groups are not configured. */
  readonly teams: readonly string[] | null;
}

/** Asks a directory. */
export interface Directory {
  /**
   * @returns who it is, or `null` when user name or password are wrong
   * @throws Error when the directory cannot tell
   */
  verify(username: string, password: Secret): Promise<DirectoryUser | null>;
}

/**
 * Answers to a bind that are about who binds (RFC 4511, appendix A.2): no such entry, inappropriate
 * authentication, wrong password, insufficient rights, locked or expired, against a constraint.
 */
const REFUSALS: readonly number[] = [32, 48, 49, 50, 53, 19];
/** More than one is as good as none: it would be left to chance who logs in. */
const TWO_ENTRIES = 2;
const MAX_GROUPS = 1_000;

/**
 * @param config - where it is, and what its entries mean
 * @param bindPassword - of the account that searches, `null` when nobody in particular does
 * @returns the directory
 */
export function directory(config: LdapConfig, bindPassword: Secret | null): Directory {
  const bindToSearch = async (client: Client) => {
    if (config.bindDn !== undefined && bindPassword !== null)
      await client.bind(config.bindDn, bindPassword.reveal());
  };
  return {
    verify: (username, password) =>
      withConnection(config, async (client) => {
        await bindToSearch(client);
        const entry = await findUser(client, config, username);
        const uid = entry === null ? undefined : valuesOf(entry, config.uidAttribute)[0];
        if (entry === null || uid === undefined) return null;
        if (!(await isPasswordOf(client, entry.dn, password))) return null;
        await bindToSearch(client);
        const names = { dn: entry.dn, uid, username };
        return { uid, teams: await teamsOf(client, config, { entry, names }) };
      }),
  };
}

async function findUser(
  client: Client,
  { base, filter, uidAttribute, memberOf }: LdapConfig,
  username: string,
): Promise<Entry | null> {
  try {
    const { searchEntries } = await client.search(base, {
      filter: fillFilter(filter, { username }),
      attributes: [uidAttribute, ...(memberOf === undefined ? [] : [memberOf.attribute])],
      sizeLimit: TWO_ENTRIES,
    });
    return searchEntries.length === 1 ? (searchEntries[0] ?? null) : null;
  } catch (error) {
    if (error instanceof SizeLimitExceededError) return null;
    throw error;
  }
}

async function isPasswordOf(client: Client, dn: string, password: Secret): Promise<boolean> {
  // RFC 4513, section 5.1.2: a bind with an empty password succeeds and proves nothing.
  if (dn === "" || password.reveal() === "") return false;
  try {
    await client.bind(dn, password.reveal());
    return true;
  } catch (error) {
    if (error instanceof ResultCodeError && REFUSALS.includes(error.code)) return false;
    throw error;
  }
}

async function teamsOf(
  client: Client,
  { groups, memberOf }: LdapConfig,
  { entry, names }: { entry: Entry; names: FilterValues },
): Promise<readonly string[] | null> {
  if (memberOf !== undefined)
    return teamMapping(memberOf)(valuesOf(entry, memberOf.attribute).map(firstNameOf));
  if (groups === undefined) return null;
  const { searchEntries } = await client.search(groups.base, {
    filter: fillFilter(groups.filter, names),
    attributes: [groups.attribute],
    sizeLimit: MAX_GROUPS,
  });
  return teamMapping(groups)(searchEntries.flatMap((group) => valuesOf(group, groups.attribute)));
}

/** Directories give attributes' names in whatever case they like. */
function valuesOf(entry: Entry, attribute: string): string[] {
  const key = Object.keys(entry).find((name) => name.toLowerCase() === attribute.toLowerCase());
  const values = key === undefined ? [] : [entry[key] ?? []].flat();
  return values.filter((value) => typeof value === "string");
}

/** `cn=alpha,ou=teams,dc=example` is the group alpha. */
function firstNameOf(dn: string): string {
  return /^[^=]+=((?:\\.|[^,+\\])*)/.exec(dn)?.[1] ?? "";
}
