import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { TagRule } from "#tag-policy/tag-rule.js";

/** What stands in the way of a manifest's deletion. */
export interface Obstacles {
  /** Tags that need it and do not go with it, and why. */
  readonly tags: readonly { readonly tag: Tag; readonly why: string }[];
  /** Manifests that name it as their subject. */
  readonly referrers: readonly Digest[];
}

/** As many tags as an error names, and as many referrers. */
export const MOST_NAMED = 10;

/**
 * @param obstacles - what stands in the way; of each list one more than is named says that there are more
 * @returns the fault to throw, `null` when nothing does
 */
export function keptManifest({ tags, referrers }: Obstacles): Fault | null {
  const reasons: string[] = [];
  if (tags.length > 0) reasons.push(`tags still need this manifest: ${listed(tags.map(shown))}`);
  if (referrers.length > 0)
    reasons.push(
      `it is the subject of ${listed(referrers)}: delete its tags by name, then those, then it`,
    );
  if (reasons.length === 0) return null;
  const detail = { tags: named(tags).map(({ tag }) => tag), more: tags.length > MOST_NAMED };
  return new Fault("MANIFEST_NEEDED", {
    message: reasons.join("; "),
    detail: referrers.length === 0 ? detail : { ...detail, referrers: named(referrers) },
  });
}

/**
 * @param most - as many tags go with a manifest
 * @param tags - those that mean it
 * @returns the fault to throw when they are more
 */
export function tooManyTags(most: number, tags: readonly Tag[]): Fault {
  return new Fault("MANIFEST_NEEDED", {
    message: `more than ${most} tags mean this manifest: delete them by name first`,
    detail: { tags: named(tags), more: true },
  });
}

/**
 * @param tags - tags that need a manifest that is to be deleted without any, one more than is named at most
 * @returns the fault to throw
 */
export function neededManifest(tags: readonly Tag[]): Fault {
  return new Fault("MANIFEST_NEEDED", {
    message: `tags still need this manifest: ${listed(tags)}`,
    detail: { tags: named(tags), more: tags.length > MOST_NAMED },
  });
}

function shown({ tag, why }: Obstacles["tags"][number]): string {
  return `${tag} (${why})`;
}

function named<T>(all: readonly T[]): readonly T[] {
  return all.slice(0, MOST_NAMED);
}

function listed(names: readonly string[]): string {
  return `${named(names).join(", ")}${names.length > MOST_NAMED ? " and more" : ""}`;
}

/**
 * @param rule - the rule for a tag
 * @param locked - whether it is locked
 * @returns why it is kept
 */
export function whyNotDeletable(rule: TagRule, locked: boolean): string {
  return locked ? "it is locked" : (rule.message ?? `by rule "${rule.name}"`);
}
