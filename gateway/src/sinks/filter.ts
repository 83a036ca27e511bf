import type { EventAction, NewEvent } from "../events/event.js";
import { repositoryMatcher } from "#tag-policy/repository-matcher.js";
import { tagMatcher } from "#tag-policy/tag-glob.js";

/** Which events a sink wants; a list that is absent leaves nothing out. */
export interface FilterSpec {
  readonly actions: readonly EventAction[];
  /** Globs over full names and over namespaces; either lets an event through. */
  readonly repositories?: readonly string[] | undefined;
  readonly namespaces?: readonly string[] | undefined;
  /** Globs over tags; what happened to no tag fits none. */
  readonly tags?: readonly string[] | undefined;
}

/**
 * @param spec - a filter whose patterns are good
 * @returns whether it lets an event through
 */
export function eventFilter(spec: FilterSpec): (event: NewEvent) => boolean {
  const { actions, repositories = [], namespaces = [], tags } = spec;
  const isAbout = repositoryMatcher(repositories, namespaces);
  const fits = tags === undefined ? () => true : tagMatcher(tags);
  return ({ action, repository, tag }) =>
    actions.includes(action) &&
    isAbout(repository) &&
    (tag === null ? tags === undefined : fits(tag));
}
