import { followRegistries, type Registries } from "#token-server/registries/followed-registries.js";
import { SILENT } from "./silent.js";

/**
 * @param service - the registry of a configuration
 * @returns the registries of an installation that has no other, once that is known
 */
export function servicesOf(service: string): Registries {
  const own = { service, url: null, adminTeams: [] };
  const known = followRegistries(own, { read: () => Promise.resolve([]), log: SILENT });
  void known.refresh();
  return known;
}
