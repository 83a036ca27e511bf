/**
 * Names of the statements that each connection parses once. A connection refuses a name that it knows for another
 * statement, whoever uses the connection: so they stand here, each for one statement.
 */
export const STATEMENT_NAMES = [
  "append audit entry",
  "claim aside",
  "claim queue",
  "close search",
  "commit tag",
  "count refusal",
  "end manifest push",
  "end stored push",
  "enqueue event",
  "enqueue search",
  "find deleted",
  "forget uploads",
  "give-back-login-point",
  "is standing manifest",
  "is usable",
  "list referrers",
  "list repositories",
  "list repositories in ranges",
  "list tags",
  "lock against deletion",
  "note manifest push",
  "note upload",
  "read buried parts",
  "read fallback state",
  "read latest",
  "read standing manifest",
  "read tag meaning",
  "read unchecked",
  "release queue",
  "reserve tag",
  "settle delivery",
  "store manifest",
  "take search",
  "take-login-point",
  "tell",
] as const;

/** A statement that is run all the time. */
export type StatementName = (typeof STATEMENT_NAMES)[number];
