import type { Queryable } from "#service-kit/db/pool.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { REMEMBERED_TAGS, type RememberedTags } from "./remembered-tags.js";
import { readDeletedSince, readDriftedTags } from "./sql/withheld-tags.js";

/** What learning about such tags needs. */
export interface WithheldTagsDeps {
  readonly db: Queryable;
  readonly log: Pick<Logger, "warn">;
  readonly remembered: RememberedTags;
}

const LOOK_MILLISECONDS = 15_000;
const MOST_DRIFTED = 20_000;

/**
 * Keeps in mind which tags the registry has otherwise than the ledger, or has still although they were deleted, so
 * that these are not served from the registry while the ledger is away. Whichever gateway found that out, the ledger
 * tells all of them.
 *
 * @param deps - ledger, and where it is kept in mind
 * @returns a look at the ledger, which throws Fault UNAVAILABLE when that does not answer
 */
export function withheldTagsReader({ db, remembered }: WithheldTagsDeps): () => Promise<void> {
  let after: string | null = null;
  return async () => {
    const drifted = await readDriftedTags(db, MOST_DRIFTED + 1);
    remembered.drifted(drifted.slice(0, MOST_DRIFTED), drifted.length <= MOST_DRIFTED);
    const deleted = await readDeletedSince(db, after, REMEMBERED_TAGS);
    remembered.deleted(deleted);
    after = deleted[0]?.at ?? after;
  };
}

/**
 * @param deps - ledger, and where it is kept in mind
 * @returns a component that looks every few seconds
 */
export function withheldTags(deps: WithheldTagsDeps): Component {
  const look = withheldTagsReader(deps);
  const failing = lastingWarning(deps.log, "withheld-tags.failed");
  return repeating("withheld tags", 0, async () => {
    await look().then(failing.worked, failing.failed);
    return LOOK_MILLISECONDS;
  });
}
