import type { AuditActor } from "#audit-log/entry.js";
import { Fault } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { noSuchRepository } from "./not-known.js";
import { isStarGiven, putStar } from "./sql/stars.js";

/** Logins of programs: a team can make as many of them as it likes, so that their stars would say nothing. */
const PROGRAMS = ["robot", "machine", "service"];

/**
 * Gives a repository a star, or takes it back. Everybody who may pull it has one to give; it decides nothing, and so is on
 * no audit log.
 *
 * @param db - ledger
 * @param star - of what, and whether it is there afterwards
 * @param actor - whose it is, and who may pull there
 * @throws Fault UNAUTHORIZED for who did not log in, DENIED for programs, NAME_UNKNOWN when nothing was ever pushed there
 */
export async function starRepository(
  db: Database,
  star: { readonly repository: RepositoryName; readonly isGiven: boolean },
  { uid, realm, kind }: Pick<AuditActor, "uid" | "realm" | "kind">,
): Promise<void> {
  const { repository, isGiven } = star;
  if (kind === "anonymous") throw new Fault("UNAUTHORIZED");
  if (PROGRAMS.includes(kind))
    throw new Fault("DENIED", { message: "stars are given by people, not by their programs" });
  const key = { repository, realm, uid };
  const isThere = await db.transaction((tx) => putStar(tx, key, isGiven), repository);
  if (!isThere) throw noSuchRepository();
}

/**
 * @param db - ledger
 * @param repository - of what
 * @param actor - whose star
 * @returns whether they have given it theirs
 */
export async function hasStar(
  db: Queryable,
  repository: RepositoryName,
  { uid, realm, kind }: Pick<AuditActor, "uid" | "realm" | "kind">,
): Promise<boolean> {
  return kind !== "anonymous" && isStarGiven(db, { repository, realm, uid });
}
