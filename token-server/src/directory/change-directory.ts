import type { AuditActor } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import { Fault } from "#registry-protocol/faults.js";
import type { DirectoryChange } from "#rest-api/operations/directory.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { parseMember } from "../teams/member.js";
import {
  givePrivilege,
  removeApp,
  removeUser,
  setApp,
  setTeam,
  setUser,
  takePrivilege,
} from "./change-sql.js";
import type { DirectorySource } from "./directory-source.js";
import { bumpVersion } from "./sql.js";
import type { StoredDirectory } from "./stored-directory.js";

/** What changing the directory needs. */
export interface ChangeDeps {
  readonly db: Database;
  readonly directory: DirectorySource;
  readonly stored: Pick<StoredDirectory, "refresh">;
  /** Whether a file says what is in the directory. */
  readonly isFromFile: boolean;
  /** Writes an audit entry into the transaction of the change that it is about. */
  readonly audit: RecordAudit;
}

/**
 * Makes changes and puts each on record, all or none.
 *
 * @param deps - where the directory is
 * @param actor - who does it: an administrator
 * @param changes - what is to be changed, in order
 * @throws Fault CONFLICT where a file says what is in the directory, or a name is somebody else's; NOT_FOUND for what is
 *   not there; REQUEST_INVALID for a login that nobody can have
 */
export async function changeDirectory(
  deps: ChangeDeps,
  actor: AuditActor,
  changes: readonly DirectoryChange[],
): Promise<void> {
  if (deps.isFromFile)
    throw new Fault("CONFLICT", {
      message: "the directory comes from a file (DIRECTORY_FILE): change that",
    });
  await deps.db.transaction(async (tx) => {
    await bumpVersion(tx);
    for (const change of changes) {
      await apply(tx, change);
      const { change: what, ...detail } = change;
      await deps.audit(tx, {
        ...{ action: "directory.changed", actor, reason: what, detail },
        ...{ repository: null, tag: null, digest: null },
      });
    }
  });
  await refreshed(deps);
}

/** Its own answers go by the change at once; whoever has made it is not told of a failure to read it again. */
export async function refreshed({ stored }: Pick<ChangeDeps, "stored">): Promise<void> {
  await stored.refresh().catch(() => undefined);
}

async function apply(tx: Queryable, change: DirectoryChange): Promise<void> {
  switch (change.change) {
    case "user.set": {
      const user = { ...memberOf(change.login), primaryTeam: change.primaryTeam };
      if (await setUser(tx, user)) return;
      throw new Fault("CONFLICT", {
        message: `"${user.uid}" of another realm is in the directory: users/${user.uid} can be one of them alone`,
      });
    }
    case "user.removed": {
      requireFound(await removeUser(tx, memberOf(change.login)), "user", change.login);
      return;
    }
    case "team.set":
      return setTeam(tx, change.name);
    case "app.set":
      return setApp(tx, change);
    case "app.removed": {
      requireFound(await removeApp(tx, change.code), "app", change.code);
      return;
    }
    case "privilege.given":
      return givePrivilege(tx, { privilege: change.privilege, holder: holderOf(change.holder) });
    case "privilege.taken": {
      requireFound(await takePrivilege(tx, change), "privilege of", change.holder);
      return;
    }
  }
}

function requireFound(found: boolean, what: string, name: string): void {
  if (!found)
    throw new Fault("NOT_FOUND", { message: `there is no ${what} "${name.slice(0, 80)}"` });
}

function memberOf(login: string): { readonly realm: string; readonly uid: string } {
  const member = parseMember(login);
  if (member?.realm == null)
    throw new Fault("REQUEST_INVALID", {
      message: `login: "${login.slice(0, 80)}" is nobody: wanted /realm/uid, such as /employees/alice`,
    });
  return { realm: member.realm, uid: member.uid };
}

function holderOf(holder: string): string {
  if (!holder.startsWith("/")) return holder;
  const { realm, uid } = memberOf(holder);
  return `${realm}/${uid}`;
}
