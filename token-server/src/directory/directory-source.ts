import type { Privilege } from "#access-policy/directory.js";
import type { Identity } from "#access-policy/identity.js";
import type { PolicyFacts } from "#access-policy/policy-facts.js";
import type { PolicyRegistry } from "#access-policy/policy-registry.js";
import { asksDirectory } from "#access-policy/asks-directory.js";
import { Fault } from "#registry-protocol/faults.js";
import type { PolicySource } from "../policy/watch.js";
import type { DirectorySnapshot } from "./directory-snapshot.js";

/** The directory that counts now. */
export interface DirectorySource {
  /** @returns it; `null`: it has not been read yet */
  current(): DirectorySnapshot | null;
}

/** Finds what the rules ask of a registry, by the name that clients have for it. */
export interface PolicyRegistries {
  find(service: string): PolicyRegistry | undefined;
}

/** What rules go by besides who asks. */
export interface FactSources {
  readonly directory: DirectorySource;
  readonly registries: PolicyRegistries;
}

/**
 * Registries of a directory file: what counts where nobody else knows registries.
 *
 * @param directory - the directory
 * @returns those that it declares; no other is known
 */
export function registriesOf(directory: DirectorySource): PolicyRegistries {
  return {
    find: (service) => directory.current()?.registries.find((one) => one.service === service),
  };
}

/**
 * @param policy - the rules
 * @param facts - the directory, and the registries that tokens are issued for
 * @param service - the registry that is asked about
 * @returns the rules together with what they go by; where they ask neither directory nor registry, as they were
 */
export function policyAt(
  policy: Pick<PolicySource, "current">,
  facts: FactSources,
  service: string,
): Pick<PolicySource, "current"> {
  return {
    current: () => {
      const rules = policy.current();
      return asksDirectory(rules) ? { ...rules, facts: factsNow(facts, service) } : rules;
    },
  };
}

/** @throws Fault UNAVAILABLE while the directory has not been read: then nothing is decided by it */
function factsNow({ directory, registries }: FactSources, service: string): PolicyFacts {
  return { directory: read(directory).directory, registry: registries.find(service) ?? null };
}

/**
 * @param directory - the directory
 * @param holder - who may have it: who they are, and all their teams
 * @param privilege - the privilege
 * @returns whether they have it, by themselves or by a team
 * @throws Fault UNAVAILABLE while the directory has not been read
 */
export function hasPrivilege(
  directory: DirectorySource,
  { identity, teams }: { readonly identity: Identity; readonly teams: readonly string[] },
  privilege: Privilege,
): boolean {
  return read(directory).directory.privilegesOf(identity, teams).has(privilege);
}

function read(directory: DirectorySource): DirectorySnapshot {
  const snapshot = directory.current();
  if (snapshot !== null) return snapshot;
  throw new Fault("UNAVAILABLE", { message: "the directory has not been read yet" });
}
