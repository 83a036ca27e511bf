import { Fault } from "./faults.js";
import { STILL_ENCODED } from "./path.js";

/** Full path of a repository, `team/artifact…`, known to be well formed. */
export type RepositoryName = string & { readonly __brand: "RepositoryName" };

/** OCI distribution-spec, section "Pulling manifests": the grammar of `<name>`. */
const REPOSITORY_NAME =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

/** The longest name that both the registry and its clients accept, in characters. */
const MAX_LENGTH = 255;

/**
 * @param raw - a repository path as a client sent it
 * @returns whether it is a well-formed repository name
 */
export function isRepositoryName(raw: string): raw is RepositoryName {
  return raw.length <= MAX_LENGTH && REPOSITORY_NAME.test(raw);
}

/** @returns whether `text` can be the name of a team, that is a first component of repository names */
export function isTeamName(text: string): boolean {
  return isRepositoryName(text) && !text.includes("/");
}

/**
 * @param raw - a repository path as a client sent it
 * @returns the same path, known to be well formed
 * @throws Fault NAME_INVALID
 */
export function parseRepositoryName(raw: string): RepositoryName {
  if (isRepositoryName(raw)) return raw;
  const detail = { name: clip(raw) };
  if (!raw.includes("%")) throw new Fault("NAME_INVALID", { detail });
  throw new Fault("NAME_INVALID", { message: `invalid repository name: ${STILL_ENCODED}`, detail });
}

/**
 * @param name - a repository
 * @returns its first path component, the namespace that a team owns, and the rest, the artifact;
 *   the artifact is empty when the name has a single component
 */
export function splitRepositoryName(name: RepositoryName): { namespace: string; artifact: string } {
  const slash = name.indexOf("/");
  if (slash === -1) return { namespace: name, artifact: "" };
  return { namespace: name.slice(0, slash), artifact: name.slice(slash + 1) };
}

function clip(raw: string): string {
  return raw.length > 80 ? `${raw.slice(0, 80)}…` : raw;
}
