import { PRIVILEGES, type GivenPrivilege, type Privilege } from "#access-policy/directory.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import { lookingFromStart } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { parseMember } from "../teams/member.js";
import { NOTHING_LISTED, type Listed } from "./directory-snapshot.js";
import { readRows, readVersion, type DirectoryRows } from "./sql.js";

/** What Postgres lists, in memory: tokens are issued by it, and while Postgres is away by what it was last. */
export interface StoredDirectory {
  /** @returns it; `null`: it has not been read yet */
  current(): Listed | null;
  /** Reads it again if it has changed. */
  refresh(): Promise<void>;
  readonly part: Component;
}

const LOOK_EVERY_MILLISECONDS = 2_000;

/**
 * @param db - where it is
 * @param log - is told while it cannot be read
 * @returns the directory, read at the start and followed; a start without Postgres is none that fails
 */
export function storedDirectory(db: Queryable, log: Logger): StoredDirectory {
  let known: { readonly version: string; readonly listed: Listed } | null = null;
  const refresh = async (): Promise<void> => {
    if (known !== null && (await readVersion(db)) === known.version) return;
    const rows = await readRows(db);
    known = { version: rows.version, listed: listedOf(rows) };
  };
  const failing = lastingWarning(log, "directory.not-read");
  return {
    current: () => known?.listed ?? null,
    refresh,
    part: lookingFromStart("directory", LOOK_EVERY_MILLISECONDS, failing, refresh),
  };
}

function listedOf({ users, teams, apps, services, privileges }: DirectoryRows): Listed {
  return {
    ...NOTHING_LISTED,
    users,
    teams,
    apps,
    services,
    privileges: privileges.flatMap(givenBy),
  };
}

function givenBy({ privilege, holder }: DirectoryRows["privileges"][number]): GivenPrivilege[] {
  const known = PRIVILEGES.find((one): one is Privilege => one === privilege);
  if (known === undefined) return [];
  if (!holder.startsWith("/")) return [{ privilege: known, to: { team: holder } }];
  const member = parseMember(holder);
  if (member?.realm == null) return [];
  return [{ privilege: known, to: { realm: member.realm, uid: member.uid } }];
}
