import { type Client, type Entry, ResultCodeError } from "ldapts";
import { Fault } from "#registry-protocol/faults.js";
import type { Secret } from "#service-kit/secret.js";
import type { MappedTeams } from "../team-mapping.js";
import { withConnection } from "./connection.js";
import { valuesOf } from "./entry-values.js";
import { teamsOf } from "./groups.js";
import type { LdapConfig } from "./ldap-schema.js";
import { filled, GroupsWithheld, Unusable } from "./unusable.js";

/** Somebody whom the directory knows, and whose password was right. */
export interface DirectoryUser {
  readonly uid: string;
  /** What came of groups; `null` when they are not configured. */
  readonly mapped: MappedTeams | GroupsWithheld | null;
}

/** Asks a directory. */
export interface Directory {
  /**
   * @param username - as it was typed
   * @param password - as it was typed
   * @param found - told of the entry before its password is tried; what it throws goes on
   * @returns who it is, or `null` when user name or password are wrong
   * @throws Error when the directory cannot tell
   */
  verify(
    username: string,
    password: Secret,
    found: (dn: string) => Promise<void>,
  ): Promise<DirectoryUser | null>;
}

/**
 * Answers to a bind that are a verdict on entry and password (RFC 4511, appendix A.2): no such entry (any more), no
 * password to compare with, wrong password. Insufficient rights (50), unwilling (53), busy, a constraint (19, accounts
 * locked by failures of others) and the rest say that nothing was compared.
 */
const REFUSALS: readonly number[] = [32, 48, 49];
/** Active Directory says by 49 as well that an account is locked by failures, whatever the password is. */
const LOCKED_IN_AD = /\bdata 775\b/;
/** The directory's own faults: busy, unavailable. */
const AWAY: readonly number[] = [51, 52];
/** More than one is as good as none: it would be left to chance who logs in. */
const TWO_ENTRIES = 2;

/** @returns whether the directory itself is in trouble, rather than what it was asked */
export function isDirectoryAway(error: unknown): boolean {
  if (error instanceof ResultCodeError) return AWAY.includes(error.code);
  return error instanceof Error && !(error instanceof Fault) && !(error instanceof Unusable);
}

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
    verify: (username, password, found) =>
      withConnection(config, async (client) => {
        await bindToSearch(client);
        const entry = await findUser(client, config, username);
        if (entry === null) return null;
        await found(entry.dn);
        if (!(await isPasswordOf(client, entry.dn, password))) return null;
        await bindToSearch(client);
        const uid = uidOf(entry, config);
        const names = { dn: entry.dn, uid, username };
        const mapped = await teamsOf(client, config, { entry, names }).catch(withheld);
        return { uid, mapped };
      }),
  };
}

function withheld(error: unknown): GroupsWithheld {
  if (error instanceof GroupsWithheld) return error;
  throw error;
}

async function findUser(
  client: Client,
  { base, filter, uidAttribute, memberOf }: LdapConfig,
  username: string,
): Promise<Entry | null> {
  const { searchEntries } = await client.search(base, {
    filter: filled(filter, { username }),
    attributes: [uidAttribute, ...(memberOf === undefined ? [] : [memberOf.attribute])],
    sizeLimit: TWO_ENTRIES,
  });
  return searchEntries.length === 1 ? (searchEntries[0] ?? null) : null;
}

async function isPasswordOf(client: Client, dn: string, password: Secret): Promise<boolean> {
  // RFC 4513, section 5.1.2: a bind with an empty password succeeds and proves nothing.
  if (dn === "" || password.reveal() === "") return false;
  try {
    await client.bind(dn, password.reveal());
    return true;
  } catch (error) {
    if (error instanceof ResultCodeError && isRefusal(error)) return false;
    throw error;
  }
}

function isRefusal({ code, message }: ResultCodeError): boolean {
  return REFUSALS.includes(code) && !LOCKED_IN_AD.test(message);
}

/** Found by another attribute, and without this one: the account that searches may not see it. */
function uidOf(entry: Entry, { uidAttribute }: LdapConfig): string {
  const uid = valuesOf(entry, uidAttribute)[0];
  if (uid === undefined) throw new Unusable(`the entry shows no ${uidAttribute}`);
  // Two that differ in how their letters are composed are one to a directory (RFC 4518, section 2.3).
  return uid.normalize("NFC");
}
