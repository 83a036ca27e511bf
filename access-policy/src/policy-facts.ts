import { directoryOf, type Directory } from "./directory.js";
import type { PolicyRegistry } from "./policy-registry.js";

/** What rules go by besides who asks and from where. */
export interface PolicyFacts {
  readonly directory: Directory;
  /** The registry that is asked about; `null`: none is known, and no condition on it helps anybody. */
  readonly registry: PolicyRegistry | null;
}

/** Of a deployment that has no directory. */
const NO_DIRECTORY: Directory = directoryOf({
  users: [],
  teams: [],
  apps: [],
  services: [],
  privileges: [],
});

export const NO_FACTS: PolicyFacts = { directory: NO_DIRECTORY, registry: null };
