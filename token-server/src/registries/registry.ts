import { isPublishedTo, isResponsibleFor } from "#access-policy/registry-teams.js";
import type { PolicyRegistry } from "#access-policy/policy-registry.js";

/** What its responsibles say of a registry. */
export interface RegistryFacts extends PolicyRegistry {
  /** Where its gateway is asked by the token server, without a slash at its end; `null`: nobody said. */
  readonly url: string | null;
  /** Whether no certificate of its is checked when it is asked. */
  readonly insecure: boolean;
  readonly description: string;
}

/** A registry that tokens are issued for. */
export interface Registry extends RegistryFacts {
  /** Whether it registered itself: it is the one of a token server's own configuration. */
  readonly isOwn: boolean;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly changedBy: string | null;
  readonly changedAt: Date | null;
}

/** Whoever looks at registries, and may change some. */
export interface Onlooker {
  readonly teams: readonly string[];
  /** Members of `ADMIN_TEAMS`. */
  readonly isAdministrator: boolean;
}

/**
 * @param registry - a registry
 * @param onlooker - who looks
 * @returns whether they know of it
 */
export function isSeenBy(registry: Registry, onlooker: Onlooker): boolean {
  const { teams, isAdministrator } = onlooker;
  return isAdministrator || isPublishedTo(registry, teams) || isResponsibleFor(registry, teams);
}
