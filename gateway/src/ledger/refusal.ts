import { FAULTS } from "#registry-protocol/fault-catalogue.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import { heldDetail, shortHeldDetail } from "./held-detail.js";
import type { PushDeps, TagPush } from "./push.js";
import { putRefusalOnRecord } from "./record-refusal.js";
import { refusalMessage } from "./refusal-message.js";
import { describeClaim } from "./settle.js";
import type { TagDecision } from "#tag-policy/decide-tag-write.js";
import type { TagRule } from "#tag-policy/tag-rule.js";

/** BuildKit prints no more of an error than 256 bytes in all. */
const MOST_MESSAGE_CHARACTERS = 160;

type Refusal = Extract<TagDecision, { outcome: "refuse" }>;

/**
 * Refuses a push, on record.
 *
 * @param deps - ledger and audit log
 * @param push - what was to be pushed
 * @param rule - the rule that applies
 * @param decision - what is held against it; `null` when the tag can never be pushed
 * @returns the fault to throw; it names what the tag means, who pushed it and when
 * @throws Fault UNAVAILABLE when the refusal cannot be put on record
 */
export async function refusalOf(
  deps: PushDeps,
  push: TagPush,
  rule: TagRule,
  decision: Refusal | null,
): Promise<Fault> {
  const reason = decision?.reason ?? "tag-forbidden";
  const held = decision?.held.digest ?? null;
  await recordRefusal(deps, push, reason, { rule: rule.name, held });
  if (decision === null)
    return new Fault("TAG_FORBIDDEN", {
      message: `tag "${push.tag}" may not be pushed: ${rule.message ?? rule.name}`,
    });
  const code = decision.reason === "tag-deleted" ? "TAG_DELETED" : "TAG_HELD";
  const message = (await refusalMessage(deps, push, rule, decision)) ?? FAULTS[code].message;
  // Of the codes it can have, the longest: the whole error has to stay short with any.
  const error = { code: FAULTS[code].pierOneWire, message };
  if (decision.reason === "tag-grew-meanwhile")
    return new Fault(code, {
      message,
      summary: message,
      detail: shortHeldDetail(error, decision.held),
    });
  const name = decision.reason === "tag-locked" ? "locked" : rule.name;
  return new Fault(code, { message, detail: heldDetail(error, decision.held, name) });
}

/**
 * Refuses a push, on record: the tag stands at the registry, which cannot read what it means.
 *
 * @param deps - ledger and audit log
 * @param push - what was to be pushed
 * @param rule - the rule that applies
 * @param found - what the registry says
 * @returns the fault to throw
 * @throws Fault UNAVAILABLE when the refusal cannot be put on record
 */
export async function unreadableRefusal(
  deps: PushDeps,
  push: TagPush,
  rule: TagRule,
  found: Unreadable,
): Promise<Fault> {
  await recordRefusal(deps, push, "tag-unreadable", { rule: rule.name, registry: found.reason });
  return new Fault("TAG_HELD", {
    message: `tag already exists; ${found.message}`.slice(0, MOST_MESSAGE_CHARACTERS),
    detail: { rule: rule.name },
  });
}

/**
 * Puts a refused push on record.
 *
 * @param deps - ledger and audit log
 * @param push - what was to be pushed
 * @param reason - why it is refused
 * @param detail - what else belongs to it
 * @throws Fault UNAVAILABLE when it cannot be put on record
 */
export async function recordRefusal(
  deps: PushDeps,
  push: TagPush,
  reason: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { actor, repository, tag, digest } = push;
  const entry = { action: "tag.refused", actor, repository, tag, digest, reason } as const;
  await putRefusalOnRecord(deps, { ...entry, detail: { ...detail, ...push.grounds } });
  deps.counts.outcome("refused");
  deps.log.info({ event: "push.refused", ...describeClaim(push), reason, ...detail });
}
