import { CHANNELS } from "#service-kit/db/channels.js";
import type { Queryable, Transaction } from "#service-kit/db/pool.js";
import type { Reservation, TagClaim } from "./reserve-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { PUSHED_NOW } from "./latest-tag.js";
import { formatNotice, type SettledNotice } from "../settled-notice.js";

/** Postgres channel on which settled tags are told, so that waiting pushes go on at once. */
export const SETTLED_CHANNEL = CHANNELS.settled;

/** What a commit changed. */
export type CommitChange = "new" | "unchanged" | "restored" | "moved";

/** What a tag is after a commit, compared with before. */
export interface Committed {
  readonly change: CommitChange;
  /** What it meant before; `null` when it was new. */
  readonly previous: string | null;
  /** When it came to mean this, where that was before: of a restored one, when it was pushed first. */
  readonly since: Date | null;
}

/**
 * Makes a reserved tag mean its digest. A repeat of what it meant already keeps its date, author and origin, also
 * where it was deleted meanwhile: what comes back is no newer for it, and virtual `latest` does not move. A push is newer than
 * what its repository had before, also where the clock was ahead when that was pushed.
 *
 * @param tx - transaction that also stores the manifest and the audit entry
 * @param claim - the reservation's owner
 * @returns what changed, or `null` when the reservation is no longer this claim's: its lease ran out
 */
export async function commitTag(tx: Transaction, claim: TagClaim): Promise<Committed | null> {
  const { rows } = await tx.query<Committed & { revision: number; locked: boolean }>(
    `with before as (
       select digest, deleted_at from ledger.tag
       where (repository, name, reservation) = ($1, $2, $3) for update
     )
     update ledger.tag as held
     set digest = held.reserved_digest,
         pushed_by = case when before.digest = held.reserved_digest
                          then held.pushed_by else held.reserved_by end,
         pushed_at = case when before.digest = held.reserved_digest
                          then held.pushed_at
                          else ${PUSHED_NOW} end,
         origin = case when before.digest = held.reserved_digest then held.origin else 'pushed' end,
         deleted_at = null, deleted_by = null,
         missing_since = null, missing_sightings = 0, drift_digest = null, drift_since = null,
         reservation = null, reserved_digest = null, reserved_by = null, reserved_until = null,
         reserved_origin = null, reserved_kind = null
     from before
     where held.repository = $1 and held.name = $2
     returning case when before.digest is null then 'new'
                    when before.digest <> held.digest then 'moved'
                    when before.deleted_at is not null then 'restored'
                    else 'unchanged' end as change,
               before.digest as previous,
               case when before.digest = held.digest then held.pushed_at end as since,
               held.revision::float8 as revision, held.locked_at is not null as locked`,
    [claim.repository, claim.tag, claim.reservation],
    "commit tag",
  );
  const [row] = rows;
  if (row === undefined) {
    tellSettled(tx, claim, { kind: "unsure" });
    return null;
  }
  const { revision, locked, ...committed } = row;
  tellSettled(tx, claim, { kind: "means", digest: claim.digest, revision, locked });
  return committed;
}

/**
 * Names who pushed what a tag means that was only found at the registry. Its date stays, and virtual `latest` where it is.
 *
 * @param tx - transaction that also writes the audit entry
 * @param push - who pushes what it means already
 * @returns when it was found; `null` when somebody is named already, or it means something else by now
 */
export async function nameAuthor(
  tx: Transaction,
  { repository, tag, digest, actor }: TagKey & Pick<TagClaim, "digest" | "actor">,
): Promise<Date | null> {
  const { rows } = await tx.query<{ since: Date }>(
    `update ledger.tag set pushed_by = $4
     where repository = $1 and name = $2 and digest = $3
       and pushed_by = '' and deleted_at is null and reservation is null
     returning pushed_at as since`,
    [repository, tag, digest, actor.uid],
  );
  return rows[0]?.since ?? null;
}

/**
 * Gives a reserved tag back: it means what it meant before, or is free again.
 *
 * @param tx - transaction
 * @param claim - the reservation's owner; nothing happens when it is no longer this claim's
 * @returns whether it was
 */
export async function releaseTag(tx: Transaction, claim: Reservation): Promise<boolean> {
  const key = [claim.repository, claim.tag, claim.reservation];
  const freed = await tx.query(
    `delete from ledger.tag
     where (repository, name, reservation) = ($1, $2, $3) and digest is null`,
    key,
  );
  const given = await tx.query(
    `update ledger.tag
     set reservation = null, reserved_digest = null, reserved_by = null, reserved_until = null,
         reserved_origin = null, reserved_kind = null
     where (repository, name, reservation) = ($1, $2, $3)`,
    key,
  );
  tellSettled(tx, claim, { kind: "unchanged" });
  return freed.rowCount === 1 || given.rowCount === 1;
}

/**
 * Ends a reservation's lease early, so that whoever comes after that settles it.
 *
 * @param db - pool or transaction
 * @param claim - the reservation's owner; nothing happens when it is no longer this claim's
 * @param seconds - how long it lasts at most from now on
 */
export async function shortenLease(db: Queryable, claim: TagClaim, seconds: number): Promise<void> {
  await db.query(
    `update ledger.tag set reserved_until = least(reserved_until, now() + $4 * interval '1 second')
     where (repository, name, reservation) = ($1, $2, $3)`,
    [claim.repository, claim.tag, claim.reservation, seconds],
    undefined,
    claim.repository,
  );
}

/**
 * Tells every gateway, this one first, that a tag is no longer being written, as soon as that counts. Should nobody be able to
 * say whether the transaction was committed, it is told that nobody can. When it gets lost, those who wait look for themselves a
 * little later, and so does whoever remembers the tag.
 *
 * @param tx - transaction
 * @param key - the tag
 * @param notice - what it means from now on
 */
export function tellSettled(
  tx: Pick<Transaction, "tell">,
  key: TagKey,
  notice: SettledNotice,
): void {
  tx.tell(SETTLED_CHANNEL, formatNotice(key, notice), formatNotice(key, { kind: "unsure" }));
}
