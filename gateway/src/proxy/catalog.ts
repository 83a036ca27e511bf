import type { View } from "#access-policy/view.js";
import { Fault } from "#registry-protocol/faults.js";
import { splitTarget } from "#registry-protocol/path.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import { repositoriesInView } from "../ledger/repositories-in-view.js";
import { askedPage, MOST_LISTED } from "../upstream/registry-target.js";
import type { Caller } from "./caller.js";
import type { ExchangeOf } from "./exchange.js";
import type { LongViews } from "./long-views.js";
import { registryCatalog } from "./registry-catalog.js";
import type { ListDeps } from "./tags-list.js";
import { nextLink } from "./tags-page.js";

/**
 * GET and HEAD of the catalog (distribution, "Listing Repositories"), of which everybody gets what they may pull: the
 * ledger's once all of the registry's were found there, by path component; until then, and while the ledger is away, the
 * registry's.
 *
 * @param deps - ledger and registry
 * @param exchange - the request
 * @throws Fault UNAVAILABLE when it is not known what the caller may pull
 */
export async function listRepositories(
  listing: ListDeps,
  exchange: ExchangeOf<"catalog">,
): Promise<void> {
  const { req, res } = exchange;
  const view = await viewOfCaller(exchange.caller, listing.views);
  const { most: asked, after } = askedPage(new URLSearchParams(splitTarget(req.url).query));
  const most = asked ?? MOST_LISTED;
  const { db, ask, log } = listing;
  const page = { after: after ?? "", limit: most + 1 };
  const known = await ask(() => repositoriesInView(db, view, page)).catch((error: unknown) => {
    log.warn({ event: "catalog.unknown", err: error });
    return null;
  });
  const found =
    known?.isWhole === true
      ? known.names
      : await registryCatalog(listing.upstream, exchange, { ...page, view });
  const repositories = found.slice(0, most);
  const last = repositories.at(-1);
  if (last !== undefined && found.length > most)
    res.setHeader("Link", nextLink("/v2/_catalog", { most, last }));
  sendJson(res, 200, { repositories });
}

/**
 * @param caller - somebody whose token was asked for to look at lists
 * @param views - has what tokens have no room for
 * @returns all that they may pull
 * @throws Fault UNAVAILABLE when it is not known
 */
export async function viewOfCaller(
  { view }: Pick<Caller, "view">,
  views: LongViews,
): Promise<View> {
  if (typeof view === "object") return "digest" in view ? views.find(view.digest) : view;
  throw new Fault("UNAVAILABLE", {
    message:
      view === "too-long"
        ? "what you may pull takes more patterns than are kept, so no list can be shown"
        : "what you may pull is not known, try again",
  });
}
