import type { AuditActor } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { readRecentUsages, type Usage } from "./sql/usage.js";

/** What is to be deleted, and by whom. */
export interface ToDelete {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly actor: Pick<AuditActor, "uid" | "realm">;
  /** Whether they may push there, and so be told who pulls; absent: no. */
  readonly seesUsers?: boolean | undefined;
}

/** Keeps what is in use from being deleted. */
export interface InUseGuard {
  /** @returns the fault to throw; `null`: nobody uses it, or use keeps nothing here */
  faultOf(db: Queryable, toDelete: ToDelete): Promise<Fault | null>;
}

/** As many users as an error names. */
const MOST_NAMED = 5;

/**
 * @param days - for how long a pull or a report keeps a manifest (`KEEP_IN_USE_DAYS`); 0: not at all
 * @returns what asks for users before a deletion
 */
export function inUseGuard(days: number): InUseGuard {
  return {
    faultOf: async (db, { repository, digest, actor, seesUsers = false }) => {
      if (days === 0) return null;
      const query = { repository, digest, days, except: actor, limit: MOST_NAMED + 1 };
      const used = await readRecentUsages(db, query);
      const [latest] = used;
      return latest === undefined ? null : inUse(latest, used, seesUsers);
    },
  };
}

function inUse(latest: Usage, used: readonly Usage[], seesUsers: boolean): Fault {
  const lastAt = latest.lastAt.toISOString();
  const named = used.slice(0, MOST_NAMED).map(userOf);
  const more = used.length > MOST_NAMED;
  const by = seesUsers ? ` by ${named.join(", ")}${more ? " and more" : ""}` : "";
  return new Fault("MANIFEST_IN_USE", {
    message: `this image is in use: ${latest.how} last at ${lastAt}${by}`,
    detail: { lastAt, ...(seesUsers ? { by: named, more } : {}) },
  });
}

function userOf({ uid, report, node, service, address }: Usage): string {
  const where = [service, node, report ?? address].filter((part) => part !== null && part !== "");
  return where.length === 0 ? uid : `${uid} (${where.join(", ")})`;
}
