import { splitTarget } from "#registry-protocol/path.js";
import { sendJsonBytes } from "#service-kit/http/send-fault.js";
import { listReferrers, type ListReferrersDeps } from "../referrers/list-referrers.js";
import type { ListPage, RememberedLists } from "../ledger/remembered-lists.js";
import type { ReferrerPage, ReferrerQuery } from "../referrers/sql/referrers.js";
import { askedReferrers, MOST_LISTED } from "../upstream/registry-target.js";
import type { ExchangeOf } from "./exchange.js";
import { INDEX_TYPE } from "./made-index.js";

/** What answering needs. */
export interface AnswerReferrersDeps extends ListReferrersDeps {
  readonly lists: Pick<RememberedLists, "inMemory" | "find">;
}

/** Clients read an index up to 4 MiB; what stands around the descriptors has room beside this. */
const MOST_BYTES = 3_900_000;

/**
 * GET and HEAD of a manifest's referrers (OCI distribution-spec, "Listing Referrers"): what the ledger has of them, in the order
 * of their digests, whether or not there is such a manifest, from memory for a moment. A repository without any has an empty list,
 * whoever may pull from it: 404 would say that there is no such list.
 *
 * @param deps - ledger and registry, and lists in memory
 * @param exchange - the request
 * @throws Fault REQUEST_INVALID or PAGE_INVALID for a parameter that is not of its form, UNAVAILABLE when it cannot be told now
 */
export async function answerReferrers(
  deps: AnswerReferrersDeps,
  { req, res, request }: ExchangeOf<"referrers.list">,
): Promise<void> {
  const { artifactType, most, after } = askedReferrers(
    new URLSearchParams(splitTarget(req.url).query),
  );
  const query: ReferrerQuery = {
    repository: request.repository,
    subject: request.digest,
    artifactType,
    after,
    limit: Math.max(1, most ?? MOST_LISTED),
    bytes: MOST_BYTES,
  };
  const { body, link } = await pageOf(deps, query);
  if (artifactType !== null) res.setHeader("OCI-Filters-Applied", "artifactType");
  if (link !== null) res.setHeader("Link", link);
  sendJsonBytes(res, 200, body, INDEX_TYPE);
}

async function pageOf(deps: AnswerReferrersDeps, query: ReferrerQuery): Promise<ListPage> {
  const { repository, subject, artifactType, after, limit } = query;
  const name = JSON.stringify([subject, artifactType, after, limit]);
  const read = async () => {
    const page = await listReferrers(deps, query);
    return { body: bodyOf(page), link: nextLink(query, page) };
  };
  const { lists } = deps;
  return (
    lists.inMemory(repository, name) ?? (await lists.find(repository, name, read)) ?? (await read())
  );
}

function bodyOf({ descriptors }: ReferrerPage): Buffer {
  return Buffer.from(
    `{"schemaVersion":2,"mediaType":"${INDEX_TYPE}","manifests":[${descriptors}]}`,
  );
}

/** RFC 8288. */
function nextLink(
  { repository, subject, artifactType, limit }: ReferrerQuery,
  { last, hasMore }: ReferrerPage,
): string | null {
  if (!hasMore || last === null) return null;
  const parameters = new URLSearchParams({
    ...(artifactType === null ? {} : { artifactType }),
    last,
    n: String(limit),
  });
  return `</v2/${repository}/referrers/${subject}?${parameters.toString()}>; rel="next"`;
}
