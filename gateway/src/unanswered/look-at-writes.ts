import type { Digest } from "#registry-protocol/digest.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import { lookingAgain } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { RepairOutcome } from "../drift/repair-tag.js";
import { recordFound, type RecordFoundDeps } from "../ledger/record-manifest.js";
import { readTagState } from "../ledger/sql/read-tag.js";
import {
  countOverdueWrites,
  forgetUnanswered,
  listDueWrites,
  lookAgainAt,
  type DueWrite,
} from "../ledger/sql/unanswered-writes.js";

/** What looking needs. */
export interface LookAtWritesDeps extends RecordFoundDeps {
  readonly log: Logger;
  /** @returns the digest that a tag has at the registry. @throws Unreadable, or when that cannot be told */
  readonly upstreamDigest: (key: TagKey, supposed?: Digest) => Promise<Digest | null>;
  /** Writes to the registry what a tag means. @throws when the registry does not answer */
  readonly repair: (tag: TagKey & { digest: Digest }, reason: string) => Promise<RepairOutcome>;
  /** Told how many are still not as they should be, although the registry carries out nothing of them any more. */
  readonly overdue: (count: number) => void;
}

const LOOK_MILLISECONDS = 5_000;
const BATCH = 50;
const SOON_SECONDS = 5;
/** What can be late no more and still is not as it should be, nobody has to look at all the time. */
const SLOWLY_SECONDS = 300;
const REASON = "the registry has carried out late what it had been told before";

/** What a tag has at the registry. */
type Found = Digest | "unreadable" | null;

/**
 * @param deps - ledger, audit log, registry
 * @returns a component that looks every few seconds at tags about which the registry was told something that it has not
 *   answered; replicas may do so side by side
 */
export function unansweredWrites(deps: LookAtWritesDeps): Component {
  const failing = lastingWarning(deps.log, "unanswered-writes.failed");
  return lookingAgain("unanswered writes", LOOK_MILLISECONDS, failing, (stopping) =>
    lookAtWrites(deps, stopping),
  );
}

/**
 * Looks at each tag once. Where the registry has carried out late what was given up, it is told again what the ledger says;
 * what it stored is put on record. That ends when it can carry out nothing any more.
 *
 * @param deps - ledger, audit log, registry
 * @param stopping - ends the work early
 * @throws when the ledger cannot be asked; one that cannot be looked at keeps none of the others waiting
 */
export async function lookAtWrites(deps: LookAtWritesDeps, stopping: AbortSignal): Promise<void> {
  for (const write of await listDueWrites(deps.db, BATCH))
    if (!stopping.aborted)
      await lookAt(deps, write).catch((error: unknown) => {
        const { repository, tag, digest, isOver } = write;
        const what = { repository, tag, digest, err: error };
        deps.log[isOver ? "error" : "warn"]({ event: "unanswered-write.unclear", ...what });
      });
  deps.overdue(await countOverdueWrites(deps.db));
}

async function lookAt(deps: LookAtWritesDeps, write: DueWrite): Promise<void> {
  // At first: one that cannot be looked at is not looked at without end.
  await lookAgainAt(deps.db, write, write.isOver ? SLOWLY_SECONDS : SOON_SECONDS);
  const state = await readTagState(deps.db, write);
  if (state.kind === "reserved" || state.kind === "expired") return;
  const found = await lookForTag(deps, write);
  await recordFound(deps, write);
  const isDone =
    state.kind === "held"
      ? await isAsHeld(deps, write, { held: state.digest, found })
      : isReadable(deps, write, found);
  if (isDone && write.isOver) await forgetUnanswered(deps.db, write);
}

/** While it is not, it stays noted that the next push may write. */
function isReadable({ log }: LookAtWritesDeps, write: DueWrite, found: Found): boolean {
  if (found !== "unreadable") return true;
  const { repository, tag, digest, isOver } = write;
  if (isOver) log.error({ event: "unanswered-write.stays-unreadable", repository, tag, digest });
  return false;
}

function lookForTag({ upstreamDigest }: LookAtWritesDeps, write: DueWrite): Promise<Found> {
  return upstreamDigest(write, write.digest).catch((error: unknown) => {
    if (error instanceof Unreadable) return "unreadable";
    throw error;
  });
}

/** Whatever else it may be there is not of this write: discovery looks at that. */
async function isAsHeld(
  { repair, log }: LookAtWritesDeps,
  write: DueWrite,
  { held, found }: { readonly held: Digest; readonly found: Found },
): Promise<boolean> {
  if (found === held) return true;
  if (found !== null && found !== "unreadable" && found !== write.digest) return true;
  const { repository, tag, isOver } = write;
  const outcome = await repair({ repository, tag, digest: held }, REASON);
  if (outcome === "repaired") return true;
  const what = { repository, tag, digest: held, found, outcome };
  log[isOver ? "error" : "warn"]({ event: "unanswered-write.not-repaired", ...what });
  return outcome === "its manifest is lost" || outcome === "the registry refuses its manifest";
}
