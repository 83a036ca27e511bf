import type { JSX } from "preact";
import { T } from "../texts/texts.js";

/** What may become of a tag, and which rule says so. */
export interface Mutability {
  readonly mutability: "immutable" | "mutable" | "forbidden";
  readonly rule: string;
  readonly lockedBy: string | null;
}

/** In a word; why, where one points. */
export function MutabilityBadge({ tag }: { readonly tag: Mutability }): JSX.Element {
  const kind = tag.lockedBy === null ? tag.mutability : "locked";
  return (
    <span class={`badge ${kind}`} title={whyOf(tag)}>
      {T[kind]}
    </span>
  );
}

/** @returns why, as a sentence that says what to do */
export function whyOf({ mutability, rule, lockedBy }: Mutability): string {
  if (lockedBy !== null) return T.whyLocked(lockedBy);
  switch (mutability) {
    case "immutable":
      return T.whyImmutable(rule);
    case "mutable":
      return T.whyMutable(rule);
    case "forbidden":
      return T.whyForbidden(rule);
  }
}
