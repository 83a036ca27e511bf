import { noteDrift, type DriftDeps } from "../drift/note-drift.js";
import { isDigest, type Digest } from "#registry-protocol/digest.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import { adopt } from "../ledger/adopt.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { NotificationOutcome } from "./notification-metrics.js";
import type { ReportedTag } from "./sql/reported-tags.js";

/** What looking at a tag needs. */
export interface LookDeps extends Omit<DriftDeps, "tally" | "options"> {
  /**
   * @returns the digest that a tag has at the registry; `supposed` is one that it may have
   * @throws Unreadable when the registry cannot read it, anything else when that cannot be told
   */
  readonly upstreamDigest: (key: TagKey, supposed?: Digest) => Promise<Digest | null>;
  /** Whether drifted tags are put back. */
  readonly repairs: boolean;
}

/** What came of looking. */
export interface Look {
  readonly outcome: NotificationOutcome;
  /** Whether it may look different in a moment: nothing was to be seen of what was reported. */
  readonly isEarly: boolean;
}

/**
 * Somebody pushed a tag, says the registry. That may be long ago, so it only is a reason to look: the ledger
 * says what the tag is, and where the ledger knows nothing, what the registry has now is adopted. It may also
 * be too early: the registry reports the manifest before it writes the tag (both lines: `PutManifest` in
 * registry/handlers/manifests.go).
 *
 * @param deps - ledger and registry
 * @param key - the tag
 * @param pushed - digests that were reported
 * @param held - what the ledger has on it; `null`: nothing
 * @returns what came of it
 * @throws when the registry or the database does not answer
 */
export async function lookAtTag(
  deps: LookDeps,
  key: TagKey,
  pushed: readonly (string | null)[],
  held: ReportedTag | null,
): Promise<Look> {
  if (deps.policy.isVirtual(key)) return final("nothing to do");
  if (held?.reserved === true) return final("in progress");
  if (held?.deleted === true) return final("deleted here");
  const digest = held?.digest ?? null;
  if (digest !== null && pushed.every((one) => one === digest)) return final("known");
  const found = await lookFor(deps, key, pushed);
  if (found === "unreadable") return final("unreadable");
  if (found === null) return { outcome: "gone", isEarly: true };
  if (held === null || digest === null)
    return final((await adopt(deps, key, found, REASON)) ? "adopted" : "known");
  if (found === digest) return { outcome: "known", isEarly: true };
  const { db, log, audit, policy, repair, signal } = deps;
  const options = { dryRun: false, repair: deps.repairs };
  const noting = { db, log, audit, policy, repair, signal, options, tally: UNCOUNTED };
  const isNoted = await noteDrift(noting, { ...held, digest }, found);
  return final(isNoted ? "drifted" : "in progress");
}

/** What was pushed last is what it probably is. */
async function lookFor(
  { upstreamDigest }: LookDeps,
  key: TagKey,
  pushed: readonly (string | null)[],
): Promise<Digest | null | "unreadable"> {
  const last = pushed.at(-1) ?? "";
  return upstreamDigest(key, isDigest(last) ? last : undefined).catch((error: unknown) => {
    if (error instanceof Unreadable) return "unreadable";
    throw error;
  });
}

function final(outcome: NotificationOutcome): Look {
  return { outcome, isEarly: false };
}

/** Only a pass of discovery sums up. */
const UNCOUNTED = { add: () => undefined, problem: () => undefined, error: () => undefined };

const REASON = "reported by the registry: it was pushed past the gateway";
