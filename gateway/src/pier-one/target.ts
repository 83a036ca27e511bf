import { Fault } from "#registry-protocol/faults.js";
import { segmentsOf, splitTarget } from "#registry-protocol/path.js";
import { parseRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag, type Tag } from "#registry-protocol/tag.js";

/** What one of Pier One's paths is about. */
export type PierOneTarget =
  | { readonly about: "teams" | "stats" | "team-stats" | "ping" | "users" | "search" }
  | { readonly about: "artifacts" | "stats-of-team"; readonly team: string }
  | { readonly about: "tags" | "v1-tags"; readonly repository: RepositoryName }
  | { readonly about: "recheck"; readonly repository: RepositoryName }
  | { readonly about: "recheck"; readonly repository: RepositoryName; readonly tag: Tag }
  | { readonly about: "production-ready"; readonly repository: RepositoryName; readonly tag: Tag }
  | {
      readonly about: "tag" | "scm-source" | "v1-tag";
      readonly repository: RepositoryName;
      readonly tag: Tag;
    }
  | { readonly about: "image"; readonly image: string };

const FIXED = new Map<string, PierOneTarget>([
  ["/teams", { about: "teams" }],
  ["/stats", { about: "stats" }],
  ["/stats/teams", { about: "team-stats" }],
  ["/v1/_ping", { about: "ping" }],
  ["/v1/users", { about: "users" }],
  ["/v1/users/", { about: "users" }],
  ["/v1/search", { about: "search" }],
]);
const BELOW_TAGS = ["scm-source", "recheck", "production-ready"] as const;

/**
 * Artifacts can have slashes here, as they are or written `%2F`, so paths are read from their end.
 *
 * @param target - request target exactly as received
 * @returns what it is about, or `null` when it is no path of Pier One's
 * @throws Fault NAME_INVALID, TAG_NAME_INVALID, or REQUEST_INVALID when it cannot be decoded
 */
export function parsePierOneTarget(target: string): PierOneTarget | null {
  const { path } = splitTarget(target);
  const fixed = FIXED.get(path);
  if (fixed !== undefined) return fixed;
  const [, first, second, third, ...rest] = segmentsOf(path);
  if (first === "tags" && second !== undefined && third === undefined)
    return { about: "image", image: second };
  if (first === "stats" && second === "teams" && third !== undefined && rest.length === 0)
    return { about: "stats-of-team", team: third };
  if (first === "v1" && second === "repositories" && third !== undefined)
    return belowRepository(third, rest, { tags: "v1-tags", tag: "v1-tag" });
  if (first !== "teams" || second === undefined || third !== "artifacts") return null;
  if (rest.length === 0) return { about: "artifacts", team: second };
  return belowTeam(second, rest);
}

function belowTeam(team: string, rest: readonly string[]): PierOneTarget | null {
  const last = rest.at(-1);
  const below = BELOW_TAGS.find((one) => one === last);
  if (below !== undefined && rest.length >= 4 && rest.at(-3) === "tags") {
    const key = tagOf(team, rest.slice(0, -3), rest.at(-2));
    if (below === "scm-source") return { about: below, ...key };
    return below === "recheck" ? { about: below, ...key } : { about: below, ...key };
  }
  if (last === "recheck" && rest.length >= 2)
    return { about: "recheck", ...repositoryOf(team, rest.slice(0, -1)) };
  return belowRepository(team, rest, { tags: "tags", tag: "tag" });
}

function belowRepository(
  team: string,
  rest: readonly string[],
  about: { readonly tags: "tags" | "v1-tags"; readonly tag: "tag" | "v1-tag" },
): PierOneTarget | null {
  if (rest.length >= 3 && rest.at(-2) === "tags")
    return { about: about.tag, ...tagOf(team, rest.slice(0, -2), rest.at(-1)) };
  if (rest.length >= 2 && rest.at(-1) === "tags")
    return { about: about.tags, ...repositoryOf(team, rest.slice(0, -1)) };
  return null;
}

function repositoryOf(
  team: string,
  artifact: readonly string[],
): { readonly repository: RepositoryName } {
  return { repository: parseRepositoryName([team, ...artifact].join("/")) };
}

function tagOf(team: string, artifact: readonly string[], tag = "") {
  return { ...repositoryOf(team, artifact), tag: parseTag(tag) };
}

/**
 * @returns the fault to throw for what is not there, and for what the caller may not know of
 */
export function unknown(): Fault {
  return new Fault("NOT_FOUND", {
    message: "there is no such thing here, or you may not know of it",
  });
}
