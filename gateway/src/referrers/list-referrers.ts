import type { Ask } from "#service-kit/db/asker.js";
import { learnFallback, type LearnFallbackDeps } from "./learn-fallback.js";
import { readReferrerPage, type ReferrerPage, type ReferrerQuery } from "./sql/referrers.js";

/** What lists of referrers need. */
export interface ListReferrersDeps extends LearnFallbackDeps {
  readonly ask: Ask;
}

/**
 * @param deps - ledger and registry
 * @param query - which referrers
 * @returns those that stand, also those that older clients listed under a fallback tag
 * @throws Fault UNAVAILABLE when the ledger cannot be asked, or it cannot be told what stands under the fallback tag
 */
export async function listReferrers(
  deps: ListReferrersDeps,
  query: ReferrerQuery,
): Promise<ReferrerPage> {
  const read = () => deps.ask(() => readReferrerPage(deps.db, query));
  const [page, isNews] = await Promise.all([read(), learnFallback(deps, query)]);
  return isNews ? read() : page;
}
