import { repositoryGlob } from "#access-policy/glob.js";
import { matchesGlob } from "#access-policy/glob-match.js";

/**
 * @param repositories - globs over full names
 * @param namespaces - globs over namespaces; `alpha` is `alpha` and `alpha/**`
 * @returns whether a repository fits any of them; when there are none, each does
 * @throws GlobError
 */
export function repositoryMatcher(
  repositories: readonly string[],
  namespaces: readonly string[],
): (repository: string) => boolean {
  const patterns = [...repositories, ...namespaces.flatMap((name) => [name, `${name}/**`])];
  const globs = patterns.map(repositoryGlob);
  return (repository) => globs.length === 0 || globs.some((glob) => matchesGlob(glob, repository));
}
