import type { Privilege } from "#access-policy/directory.js";
import type { Identity } from "#access-policy/identity.js";
import type { PolicyRegistry } from "#access-policy/policy-registry.js";
import { asksDirectory } from "#access-policy/asks-directory.js";
import { Fault } from "#registry-protocol/faults.js";
import type { DecidingPolicy, PolicySource } from "../policy/watch.js";
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
 * @param policy - the rules
 * @param facts - the directory, and the registries that tokens are issued for
 * @param own - the registry of the configuration
 * @returns the rules together with what they go by at a registry
 */
export function policyAt(
  policy: Pick<PolicySource, "current" | "version">,
  { directory, registries }: FactSources,
  own: string,
): DecidingPolicy {
  return {
    version: () => policy.version(),
    current: (service = own) => {
      const rules = policy.current();
      const snapshot = directory.current();
      if (snapshot !== null) {
        const registry = registries.find(service) ?? null;
        return { ...rules, facts: { directory: snapshot.directory, registry } };
      }
      if (asksDirectory(rules)) readSnapshot(directory);
      return rules;
    },
  };
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
  return readSnapshot(directory).directory.privilegesOf(identity, teams).has(privilege);
}

/**
 * @param directory - the directory
 * @returns what is in it
 * @throws Fault UNAVAILABLE while it has not been read: then nothing is decided by it
 */
export function readSnapshot(directory: DirectorySource): DirectorySnapshot {
  const snapshot = directory.current();
  if (snapshot !== null) return snapshot;
  throw new Fault("UNAVAILABLE", { message: "the directory has not been read yet" });
}
