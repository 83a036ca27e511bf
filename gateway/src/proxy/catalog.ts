import { splitTarget } from "#registry-protocol/path.js";
import { isMarkerRepository } from "#registry-protocol/storage-marker.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import { readListedRepositories } from "../ledger/sql/listed-names.js";
import { askedPage, MOST_LISTED } from "../upstream/registry-target.js";
import type { ExchangeOf } from "./exchange.js";
import { withoutMarker } from "./hide-marker.js";
import { passOn, type PassOnDeps } from "./pass-on.js";
import type { ListDeps } from "./tags-list.js";
import { nextLink } from "./tags-page.js";

/** What listing repositories needs. */
export interface CatalogDeps {
  readonly passing: PassOnDeps;
  readonly listing: Pick<ListDeps, "db" | "ask" | "log">;
}

/**
 * GET and HEAD of the catalog (distribution, "Listing Repositories"): the ledger's once all of the registry's were found
 * there, in the order of their bytes; until then, and while the ledger is away, the registry's.
 *
 * @param deps - ledger and registry
 * @param exchange - the request
 */
export async function listRepositories(
  { passing, listing }: CatalogDeps,
  exchange: ExchangeOf<"catalog">,
): Promise<void> {
  const { req, res } = exchange;
  const { most: asked, after } = askedPage(new URLSearchParams(splitTarget(req.url).query));
  const most = asked ?? MOST_LISTED;
  const { db, ask, log } = listing;
  const page = { after: after ?? "", limit: most + 1 };
  const names = await ask(() => readListedRepositories(db, page)).catch((error: unknown) => {
    log.warn({ event: "catalog.unknown", err: error });
    return null;
  });
  if (names === null) return passOn(passing, exchange, undefined, withoutMarker);
  const some = names.slice(0, most);
  const last = some.at(-1);
  if (last !== undefined && names.length > most)
    res.setHeader("Link", nextLink("/v2/_catalog", { most, last }));
  // Gateways of before took it for a repository as any other.
  sendJson(res, 200, { repositories: some.filter((name) => !isMarkerRepository(name)) });
}
