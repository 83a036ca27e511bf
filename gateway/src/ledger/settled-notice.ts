import { parseDigest, type Digest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";

/** What the ledger says of a tag that means something, or was deleted. */
export type TagWord =
  | {
      readonly kind: "means";
      readonly digest: Digest;
      /** Grows with each change of the tag. */
      readonly revision: number;
      readonly locked: boolean;
      /** By which digest whoever pushed it called that manifest; absent: by this one, or it is not told here. */
      readonly called?: Digest;
    }
  | { readonly kind: "deleted"; readonly revision: number };

/** What all gateways are told of a tag that is no longer being written. */
export type SettledNotice =
  | TagWord
  /** It was given back as it was. */
  | { readonly kind: "unchanged" }
  /** Whoever remembers it asks the ledger: so do gateways of before say everything. */
  | { readonly kind: "unsure" };

/**
 * `repository:tag`, alone or with `@` and what the tag means, its revision, and whether it is locked.
 *
 * @param key - the tag
 * @param notice - what is told of it
 * @returns the notice as it is told
 */
export function formatNotice({ repository, tag }: TagKey, notice: SettledNotice): string {
  const name = `${repository}:${tag}`;
  switch (notice.kind) {
    case "unsure":
      return name;
    case "unchanged":
      return `${name}@unchanged`;
    case "deleted":
      return `${name}@deleted@${notice.revision}`;
    case "means":
      return `${name}@${notice.digest}@${notice.revision}${notice.locked ? "@locked" : ""}`;
  }
}

/**
 * @param told - a notice as it was told
 * @returns the tag's name, and what was told of it; `null` when that is no notice
 */
export function parseNotice(told: string): {
  readonly name: string;
  readonly settled: readonly [key: TagKey, notice: SettledNotice] | null;
} {
  const [name = "", meaning, revision, lock] = told.split("@");
  const colon = name.indexOf(":");
  try {
    const repository = parseRepositoryName(name.slice(0, colon));
    const key = { repository, tag: parseTag(name.slice(colon + 1)) };
    return { name, settled: [key, readMeaning(meaning, Number(revision), lock === "locked")] };
  } catch {
    return { name, settled: null };
  }
}

function readMeaning(
  meaning: string | undefined,
  revision: number,
  locked: boolean,
): SettledNotice {
  if (meaning === undefined) return { kind: "unsure" };
  if (meaning === "unchanged") return { kind: "unchanged" };
  // Without one it is of a gateway of before.
  if (!Number.isSafeInteger(revision)) return { kind: "unsure" };
  if (meaning === "deleted") return { kind: "deleted", revision };
  return { kind: "means", digest: parseDigest(meaning), revision, locked };
}
