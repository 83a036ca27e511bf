import type { PolicyRegistry } from "#access-policy/policy-registry.js";
import { EVERYBODY } from "#access-policy/registry-teams.js";
import { Fault } from "#registry-protocol/faults.js";
import { visible } from "#registry-protocol/text.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import { lookingFromStart } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { Registry } from "./registry.js";

/** The registry that a token server's own configuration names. */
export interface OwnRegistry {
  readonly service: string;
  /** Where its gateway is asked; `null`: nobody said. */
  readonly url: string | null;
  /** Teams that are responsible for it beside those that it names. */
  readonly adminTeams: readonly string[];
}

/** What a service is called that tokens are for. */
export interface Services {
  /** That of whoever names none. */
  readonly own: string;
  /**
   * @param service - as a client names it
   * @throws Fault REQUEST_INVALID when there is no such registry; UNAVAILABLE while that is not known
   */
  require(service: string): void;
}

/** The registries that tokens are issued for, in memory. */
export interface Registries extends Services {
  /**
   * @param service - as a client names it
   * @returns what policies ask of the registry
   * @throws Fault as {@link Services.require}
   */
  require(service: string): PolicyRegistry;
  /** @returns what policies ask of the registry; `undefined`: there is none, or none is known yet */
  find(service: string): PolicyRegistry | undefined;
  /** @returns all that are known, by name; the own one from its configuration as long as no others are */
  all(): readonly Registry[];
  /** Looks at once, as whoever has just changed one wants it. */
  refresh(): Promise<void>;
}

/** What following them needs. */
export interface FollowDeps {
  /** @returns all registries, the own one among them */
  readonly read: () => Promise<readonly Registry[]>;
  readonly log: Pick<Logger, "warn">;
}

const LOOK_MILLISECONDS = 2_000;
const MOST_NAME_CHARACTERS = 100;
/** Of what registered itself, before the database has said more. */
const UNKNOWN_TIME = new Date(0);

/**
 * Registries by name, looked up every two seconds: a token asks nobody. While the database is away the last ones stay;
 * who never knew any knows that of the configuration, and decides on no other.
 *
 * @param own - the registry of the configuration
 * @param deps - where registries are, and where it is told that they cannot be read
 * @returns the registries, and what follows them
 */
export function followRegistries(
  own: OwnRegistry,
  { read, log }: FollowDeps,
): Registries & { readonly part: Component } {
  let known: ReadonlyMap<string, Registry> | null = null;
  const ofConfiguration = registryOfConfiguration(own);
  const refresh = async (): Promise<void> => {
    const registries = await read();
    known = new Map(registries.map((registry) => [registry.service, shown(registry, own)]));
  };
  const find = (service: string): Registry | undefined =>
    known?.get(service) ?? (service === own.service ? ofConfiguration : undefined);
  const failing = lastingWarning(log, "registries.unknown");
  return {
    own: own.service,
    find,
    all: () => {
      const registries = [...(known?.values() ?? [])];
      return known?.has(own.service) === true ? registries : [ofConfiguration, ...registries];
    },
    refresh,
    require: (service) => {
      const found = find(service);
      if (found !== undefined) return found;
      if (known === null) throw notKnownYet();
      throw unknownService(service);
    },
    part: lookingFromStart("registries", LOOK_MILLISECONDS, failing, refresh),
  };
}

/** Whoever administers the installation is responsible for what its configuration names, whatever else is said. */
function shown(registry: Registry, { adminTeams }: OwnRegistry): Registry {
  if (!registry.isOwn) return registry;
  return { ...registry, responsibles: [...new Set([...registry.responsibles, ...adminTeams])] };
}

/**
 * @param own - what the configuration says
 * @returns the registry as it registers itself: published to everybody, so that the rules alone decide, as without registries
 */
function registryOfConfiguration({ service, url, adminTeams }: OwnRegistry): Registry {
  return {
    ...{ service, url, insecure: false, restricted: false, description: "" },
    ...{ publications: [EVERYBODY], responsibles: adminTeams, isOwn: true },
    ...{ createdBy: "", createdAt: UNKNOWN_TIME, changedBy: null, changedAt: null },
  };
}

function unknownService(service: string): Fault {
  const name = visible(service, MOST_NAME_CHARACTERS).slice(0, MOST_NAME_CHARACTERS);
  return new Fault("REQUEST_INVALID", {
    message: `unknown service "${name}": this token server has no registry of that name`,
  });
}

function notKnownYet(): Fault {
  return new Fault("UNAVAILABLE", {
    message: "which registries there are is not known yet, as the database is away: try again",
  });
}
