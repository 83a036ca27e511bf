/** What one may do with a repository. */
export const ACTIONS = ["pull", "push", "delete"] as const;

/** One of {@link ACTIONS}. */
export type Action = (typeof ACTIONS)[number];
