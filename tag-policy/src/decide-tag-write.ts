import type { Digest } from "#registry-protocol/digest.js";
import type { Mutability } from "./tag-rule.js";

/** Who gave a tag its digest, and when. */
export interface HeldTag {
  readonly digest: Digest;
  readonly by: string;
  readonly at: Date;
}

/** What the ledger says about a tag. */
export type TagState =
  | { readonly kind: "free" }
  /** A push is under way. */
  | { readonly kind: "reserved" }
  /** A push was under way, and its gateway has not been heard of since. */
  | { readonly kind: "expired" }
  | ({ readonly kind: "held"; readonly locked: boolean } & HeldTag)
  /** Deleted by somebody at some time. */
  | ({ readonly kind: "deleted"; readonly locked: boolean } & HeldTag);

/** What is to become of a push that could not reserve its tag at once. */
export type TagDecision =
  | { readonly outcome: "repeat" | "wait" | "recover" | "retry" }
  | {
      readonly outcome: "refuse";
      readonly reason:
        | "tag-held"
        | "tag-deleted"
        | "tag-locked"
        | "tag-would-shrink"
        | "tag-grew-meanwhile"
        | "tag-cannot-compare";
      readonly held: HeldTag;
    };

/**
 * @param state - what the ledger says now
 * @param offered - digest of the manifest that is being pushed
 * @param mutability - rule for this tag
 * @returns what to do with the push; every outcome but a refusal leads back to the ledger, which decides
 */
export function decideTagWrite(
  state: TagState,
  offered: Digest,
  mutability: Mutability,
): TagDecision {
  switch (state.kind) {
    case "free":
      return { outcome: "retry" };
    case "reserved":
      return { outcome: "wait" };
    case "expired":
      return { outcome: "recover" };
    case "held":
    case "deleted":
      return decideHeld(state, offered, mutability);
  }
}

function decideHeld(
  state: Extract<TagState, { kind: "held" | "deleted" }>,
  offered: Digest,
  mutability: Mutability,
): TagDecision {
  const { digest, by, at, locked } = state;
  if (mutability === "mutable" && !locked) return { outcome: "retry" };
  if (digest === offered) return { outcome: state.kind === "held" ? "repeat" : "retry" };
  const reason = locked ? "tag-locked" : state.kind === "held" ? "tag-held" : "tag-deleted";
  return { outcome: "refuse", reason, held: { digest, by, at } };
}
