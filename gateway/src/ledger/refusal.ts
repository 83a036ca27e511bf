import { Fault } from "#registry-protocol/faults.js";
import { samePlatformImages } from "./platform-images.js";
import type { PushDeps, TagPush } from "./push.js";
import { describeClaim } from "./settle.js";
import { readManifestContent } from "./sql/store-manifest.js";
import type { HeldTag, TagDecision, TagRule } from "./tag-rules.js";

type Refusal = Extract<TagDecision, { outcome: "refuse" }>;

/** Names come from outside and the whole error has to stay short: BuildKit prints 256 bytes of it. */
const MOST_NAME_CHARACTERS = 32;

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
  const held = decision?.held ?? null;
  await recordRefusal(deps, push, reason, { rule: rule.name, held: held?.digest ?? null });
  if (decision === null || held === null)
    return new Fault("TAG_FORBIDDEN", {
      message: `tag "${push.tag}" may not be pushed: ${rule.message ?? rule.name}`,
    });
  const message = await messageFor(deps, push, rule, decision);
  return new Fault(decision.reason === "tag-deleted" ? "TAG_DELETED" : "TAG_HELD", {
    ...(message === null ? {} : { message }),
    detail: detailOf(held, decision.reason === "tag-locked" ? "locked" : rule.name),
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
  const entry = { action: "tag.refused", actor, repository, tag, digest, reason, detail } as const;
  await deps.db.transaction((tx) => deps.audit(tx, entry));
  deps.count("refused");
  deps.log.info({ event: "push.refused", ...describeClaim(push), reason, ...detail });
}

async function messageFor(
  deps: PushDeps,
  push: TagPush,
  rule: TagRule,
  { held, reason }: Refusal,
): Promise<string | null> {
  if (reason === "tag-would-shrink") return "tag already exists; it would lose some of its entries";
  if (reason === "tag-cannot-compare") return "tag already exists; only what grows may replace it";
  const content = await readManifestContent(deps.db, push.repository, held.digest);
  const same =
    content !== null && samePlatformImages({ digest: held.digest, content }, push.manifest);
  if (same) return "tag already exists; same platform images, only the index differs";
  return rule.message === undefined ? null : `tag already exists; ${rule.message}`;
}

function detailOf({ digest, by, at }: HeldTag, rule: string) {
  return {
    digest,
    pushedBy: by.slice(0, MOST_NAME_CHARACTERS),
    pushedAt: at.toISOString(),
    rule: rule.slice(0, MOST_NAME_CHARACTERS),
  };
}
