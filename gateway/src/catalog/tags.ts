import type { View } from "#access-policy/view.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import type { Mutability } from "#tag-policy/tag-rule.js";
import type { Catalog } from "./catalog.js";
import { noSuchRepository } from "./not-known.js";
import { lookThrough } from "./look-through.js";
import { readNames } from "./sql/findings.js";
import { pageOf, type Page } from "./page.js";
import { requireKey } from "./place.js";
import { readRepository } from "./sql/repositories.js";
import {
  readTags,
  readTagsOfDigest,
  type TagOfDigest,
  type TagOrder,
  type TagPlace,
  type TagRow,
} from "./sql/tags.js";

/** A tag, and whether it may change. */
export interface ListedTag extends TagRow {
  readonly mutability: Mutability;
  /** Name of the rule that says so; `locked`: somebody made it immutable for good. */
  readonly rule: string;
}

/** Which tags are asked for. */
export interface TagsAsked {
  readonly sort: TagOrder;
  /** Where the page before ended; absent: the first page. */
  readonly after?: TagPlace;
  /** As many at most. */
  readonly limit: number;
}

/**
 * @param catalog - what lists are read from
 * @param view - what the caller may pull
 * @param of - the repository, which of its tags, and the rules
 * @returns its tags in the order asked for; virtual `latest` is none of them
 * @throws Fault NAME_UNKNOWN when there is no such repository, or the caller may not know of it
 */
export async function listTags(
  { db, shown }: Pick<Catalog, "db" | "shown">,
  view: View,
  of: TagsAsked & {
    readonly repository: RepositoryName;
    readonly policy: Pick<TagPolicy, "ruleFor">;
  },
): Promise<Page<ListedTag, TagPlace>> {
  const { repository, policy, sort, after = null, limit } = of;
  if (after !== null) requirePlace(sort, after);
  const { has } = await shown(view);
  if (!has(repository)) throw noSuchRepository();
  if ((await readRepository(db, repository)) === null) throw noSuchRepository();
  const rows = await readTags(db, sort, { repository, after, limit: limit + 1 });
  const page = pageOf(rows, limit, ({ key, name }) => ({ key, name }));
  const items = page.items.map(({ key: _, ...tag }) => {
    const rule = policy.ruleFor(repository, parseTag(tag.name));
    const binds = tag.lockedAt !== null && rule.mutability !== "forbidden";
    return {
      ...tag,
      mutability: binds ? ("immutable" as const) : rule.mutability,
      rule: binds ? "locked" : rule.name,
    };
  });
  return { items, next: page.next };
}

function requirePlace(sort: TagOrder, { key, name }: TagPlace): void {
  requireKey("text", name);
  if (key === null) return;
  requireKey(sort === "pushed" || sort === "pulled" ? "timestamptz" : "text", key);
}

/**
 * A page may be short, and not the last one, where the caller may know of few of them.
 *
 * @param catalog - what lists are read from
 * @param view - what the caller may pull: tags of other repositories are not found
 * @param of - a digest, and which of its tags
 * @returns tags that mean it, by repository and name
 */
export async function listTagsOfDigest(
  { db, shown }: Pick<Catalog, "db" | "shown">,
  view: View,
  of: {
    readonly digest: Digest;
    readonly after?: Pick<TagOfDigest, "repository" | "name">;
    readonly limit: number;
  },
): Promise<Page<TagOfDigest, Pick<TagOfDigest, "repository" | "name">>> {
  const { few, has } = await shown(view);
  const { digest } = of;
  const repositories = few === null ? null : await readNames(db, few);
  return lookThrough<TagOfDigest, Pick<TagOfDigest, "repository" | "name">>(
    {
      read: (after, limit) => readTagsOfDigest(db, { digest, repositories, after, limit }),
      isShown: ({ repository }) => has(repository),
      placeOf: ({ repository, name }) => ({ repository, name }),
    },
    of,
  );
}
