import * as operations from "#rest-api/operations/tag-lists.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import type { Catalog } from "../catalog/catalog.js";
import { listRefusals, tagHistory } from "../catalog/history.js";
import { searchTags } from "../catalog/search-tags.js";
import { listTags, listTagsOfDigest } from "../catalog/tags.js";
import { implement, type AskedPage, type Implementation } from "./implement.js";

/** What lists of tags need. */
export interface TagListDeps {
  readonly catalog: Catalog;
  readonly policy: Pick<TagPolicy, "ruleFor">;
}

/**
 * @param deps - lists, and the rules for tags
 * @returns the operations that list tags, and what happened to them
 */
export function tagListOperations({ catalog, policy }: TagListDeps): readonly Implementation[] {
  return [
    implement(operations.listTags, async ({ path, query, page, view }) => {
      const of = { ...path, policy, sort: query.sort, ...partOf(page) };
      return { page: await listTags(catalog, view, of) };
    }),
    implement(operations.tagHistory, async ({ path, page, view }) => ({
      page: await tagHistory(catalog, view, { ...path, ...partOf(page) }),
    })),
    implement(operations.listRefusals, async ({ query, page, view }) => {
      const { repository, tag, by: actor } = query;
      const of = {
        ...(repository === undefined ? {} : { repository }),
        ...(tag === undefined ? {} : { tag }),
        ...(actor === undefined ? {} : { actor }),
      };
      return { page: await listRefusals(catalog, view, { ...of, ...partOf(page) }) };
    }),
    implement(operations.searchTags, async ({ query: { q, team }, page, view }) => {
      const of = { ...q, ...(team === undefined ? {} : { team }), ...partOf(page) };
      return { page: await searchTags(catalog, view, of) };
    }),
    implement(operations.tagsOfDigest, async ({ path, page, view }) => ({
      page: await listTagsOfDigest(catalog, view, { ...path, ...partOf(page) }),
    })),
  ];
}

function partOf<T>({ limit, after }: AskedPage<T>) {
  return after === null ? { limit } : { limit, after };
}
