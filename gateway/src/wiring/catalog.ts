import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import { addingUp } from "../catalog/add-up.js";
import { openCatalog as open, type Catalog } from "../catalog/catalog.js";
import type { Store } from "./store.js";

/**
 * @param deps - the database, what tells of lost connections, and the log
 * @returns what lists and searches are read from
 */
export function openCatalog(deps: {
  readonly store: Pick<Store, "db" | "heard">;
  readonly log: Logger;
}): Opened & { readonly catalog: Catalog } {
  const { log, store } = deps;
  const { db, heard } = store;
  const catalog = open({ db, log });
  heard.lost(() => {
    catalog.missed();
  });
  return { catalog, parts: [addingUp({ db, log })] };
}
