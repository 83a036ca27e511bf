import type { Digest } from "#registry-protocol/digest.js";
import type { Tag } from "#registry-protocol/tag.js";

/** Whether a tag may come to mean another digest. */
export type Mutability = "immutable" | "mutable" | "forbidden";

/** What the ledger says about a tag. */
export type TagState =
  | { readonly kind: "free" }
  | { readonly kind: "reserved" }
  | { readonly kind: "held"; readonly digest: Digest; readonly by: string; readonly at: Date };

/** What is to become of a push that could not reserve its tag at once. */
export type TagDecision =
  | { readonly outcome: "repeat"; readonly reason: "same-digest" }
  | { readonly outcome: "wait"; readonly reason: "another-push-under-way" }
  | { readonly outcome: "retry"; readonly reason: "tag-free" | "rule-mutable" }
  | { readonly outcome: "refuse"; readonly reason: "tag-held"; readonly held: HeldTag };

/** Who holds a tag with what. */
export interface HeldTag {
  readonly digest: Digest;
  readonly by: string;
  readonly at: Date;
}

/** Virtual tag: means the newest tag of its repository, and cannot be pushed. */
export const LATEST = "latest";

/**
 * @param tag - name of a tag
 * @returns what may happen to it: Pier One's rules
 */
export function mutabilityOf(tag: Tag): Mutability {
  if (tag === LATEST) return "forbidden";
  return tag.endsWith("-SNAPSHOT") ? "mutable" : "immutable";
}

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
      return { outcome: "retry", reason: "tag-free" };
    case "reserved":
      return { outcome: "wait", reason: "another-push-under-way" };
    case "held":
      if (mutability === "mutable") return { outcome: "retry", reason: "rule-mutable" };
      if (state.digest === offered) return { outcome: "repeat", reason: "same-digest" };
      return { outcome: "refuse", reason: "tag-held", held: state };
  }
}
