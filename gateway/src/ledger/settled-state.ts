import { Fault } from "#registry-protocol/faults.js";
import type { SharedDatabase } from "#service-kit/db/pool.js";
import type { TagResolver } from "./resolve-tag.js";
import { readTagState } from "./sql/read-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { TagState } from "#tag-policy/decide-tag-write.js";
import type { Waiting } from "./waiting.js";

/** What waiting for a tag to be written needs. */
export interface SettledStateDeps {
  readonly db: SharedDatabase;
  readonly resolver: Pick<TagResolver, "resolve">;
  readonly waiting: Pick<Waiting, "now" | "untilSettled" | "recover">;
}

/** A tag that exists. */
export type HeldState = Extract<TagState, { kind: "held" }>;

/** Shorter than clients' patience, longer than most pushes of a manifest. */
const PATIENCE_MILLISECONDS = 10_000;
const LONGEST_WAIT_MILLISECONDS = 1_000;

/**
 * Does something to a tag that nobody is writing; while somebody is, their push is waited for.
 *
 * @param deps - ledger
 * @param key - the tag; one that only the registry knows is taken into the ledger first
 * @param attempt - given the tag as it is, does it; `null` when somebody else came between
 * @returns what came of it
 * @throws Fault MANIFEST_UNKNOWN when there is no such tag, UNAVAILABLE when pushes of it take too long
 */
export async function onSettledTag<T>(
  deps: SettledStateDeps,
  key: TagKey,
  attempt: (state: HeldState) => Promise<T | null>,
): Promise<T> {
  const deadline = deps.waiting.now() + PATIENCE_MILLISECONDS;
  await deps.resolver.resolve(key);
  for (;;) {
    const state = await readTagState(deps.db, key);
    if (state.kind === "free" || state.kind === "deleted")
      throw new Fault("MANIFEST_UNKNOWN", { detail: { name: key.repository, tag: key.tag } });
    const done = state.kind === "held" ? await attempt(state) : null;
    if (done !== null) return done;
    const left = deadline - deps.waiting.now();
    if (left <= 0)
      throw new Fault("UNAVAILABLE", { message: "a push of this tag is under way; try again" });
    const wait = () => deps.waiting.untilSettled(key, Math.min(left, LONGEST_WAIT_MILLISECONDS));
    if (state.kind === "expired") await deps.waiting.recover(key).catch(wait);
    else if (state.kind === "reserved") await wait();
  }
}
