/**
 * What the registry made of a deletion: `deleted`, `absent`, or `unsupported` when it cannot delete such a
 * thing (2.8 no tags).
 */
export type RemovalAnswer = "deleted" | "absent" | "unsupported";
