import { listReferring, treeOfReferrers } from "#rest-api/operations/referrers.js";
import type { ListReferrersDeps } from "../referrers/list-referrers.js";
import { listReferring as listed, referrerTree } from "../referrers/referrer-tree.js";
import { digestOfTag } from "./digest-of-tag.js";
import { implement, type Implementation } from "./implement.js";

/**
 * @param deps - ledger and registry
 * @returns the operations about signatures and what else refers to images
 */
export function referrerOperations(deps: ListReferrersDeps): readonly Implementation[] {
  return [
    implement(treeOfReferrers, async ({ path: { repository }, query: { of } }) => {
      const digest =
        "digest" in of ? of.digest : await digestOfTag(deps.resolver, { repository, tag: of.tag });
      return { body: { repository, digest, ...(await referrerTree(deps, repository, digest)) } };
    }),
    implement(listReferring, async ({ path: { repository }, page }) => ({
      page: await listed(deps, { repository, ...page }),
    })),
  ];
}
