import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { failedCondition, type FailedCondition } from "#registry-protocol/write-condition.js";
import type { TagRule } from "#tag-policy/tag-rule.js";
import type { PushDeps, TagPush } from "./push.js";
import { ANOTHER_REFERRER } from "./refusal-message.js";
import { describeClaim, releasePush } from "./settle.js";
import { readHeldTag } from "./sql/read-tag.js";

/**
 * Sees to it that a push with `If-Match` or `If-None-Match` is made only while the tag is what it asks for. The tag has
 * to be reserved for the push: so of two that ask for the same, the second one is compared with what the first one made of it.
 *
 * @param deps - ledger
 * @param push - a push whose tag is reserved for it
 * @param rule - the rule for the tag
 * @throws Fault PRECONDITION_FAILED when the tag is something else; the reservation is given back then
 */
export async function refuseUnmatched(deps: PushDeps, push: TagPush, rule: TagRule): Promise<void> {
  if (push.condition == null) return;
  const held = await readHeldTag(deps.db, push);
  const current = held?.digest ?? null;
  const failed = failedCondition(push.condition, current, push.digest);
  if (failed === null) return;
  await releasePush(deps, push, `${failed} does not hold`);
  throw unmatched(deps, push, { failed, current, rule });
}

/**
 * The same for a push that would change nothing: its tag cannot become anything else, and so is not reserved.
 *
 * @param deps - log and counts
 * @param push - a push of what its tag means already
 * @param rule - the rule for the tag
 * @throws Fault PRECONDITION_FAILED when it asks for a tag that is something else, or is not there
 */
export function refuseUnmatchedRepeat(deps: PushDeps, push: TagPush, rule: TagRule): void {
  if (push.condition == null) return;
  const current = push.digest;
  const failed = failedCondition(push.condition, current, push.digest);
  if (failed !== null) throw unmatched(deps, push, { failed, current, rule });
}

interface Unmatched {
  readonly failed: FailedCondition;
  readonly current: Digest | null;
  readonly rule: TagRule;
}

/** It is no refusal by a rule, and so in the log but not on record: whoever pushed asked for it. */
function unmatched(deps: PushDeps, push: TagPush, { failed, current, rule }: Unmatched): Fault {
  deps.counts.outcome("refused");
  deps.log.info({ event: "push.unmatched", ...describeClaim(push), failed, held: current });
  const hasGrown =
    rule.appendOnly === true && current !== null && push.manifest.reading.kind === "index";
  const words = hasGrown ? { message: ANOTHER_REFERRER, summary: ANOTHER_REFERRER } : {};
  return new Fault("PRECONDITION_FAILED", {
    message: meaningOf(current, failed),
    ...words,
    detail: { tag: push.tag, digest: current, failed },
    // RFC 9110 section 15.5.13: by what it is now, whoever pushed can tell what happened meanwhile.
    headers: current === null ? {} : { ETag: `"${current}"` },
  });
}

function meaningOf(current: Digest | null, failed: FailedCondition): string {
  if (current === null) return "there is no such tag, and If-Match asks for one";
  if (failed === "If-None-Match") return "tag already exists, and If-None-Match asks for none";
  return "the tag means something else by now: read it again, then push";
}
