import { directoryOf, type Directory, type DirectoryContent } from "#access-policy/directory.js";

/** A service as it is listed. */
export interface ListedService {
  readonly name: string;
  /** Code of its application. */
  readonly app: string;
  /** `/realm/uid` of the OIDC login that counts as this service; `null`: it has a secret alone. */
  readonly workload: string | null;
}

/** What is listed, from wherever it comes. */
export interface Listed extends Omit<DirectoryContent, "services"> {
  readonly services: readonly ListedService[];
}

/** The directory as it is at one moment. */
export interface DirectorySnapshot {
  readonly directory: Directory;
  readonly listed: Listed;
  /** @returns the service that a login by OIDC counts as; `null`: none */
  serviceOfWorkload(login: { readonly realm: string; readonly uid: string }): ListedService | null;
}

export const NOTHING_LISTED: Listed = {
  users: [],
  teams: [],
  apps: [],
  services: [],
  privileges: [],
};

/**
 * @param listed - users, teams, applications, services and privileges
 * @returns the same, ready to be asked
 */
export function snapshotOf(listed: Listed): DirectorySnapshot {
  const workloads = new Map(listed.services.map((service) => [service.workload, service]));
  return {
    directory: directoryOf(listed),
    listed,
    serviceOfWorkload: ({ realm, uid }) => workloads.get(`${realm}/${uid}`) ?? null,
  };
}
