/** Every channel of ours on which something is told to all (NOTIFY): they are one set for a database, whoever listens. */
export const CHANNELS = {
  /** A tag was settled: `repository:tag`. */
  settled: "ledger_tag_settled",
  /** A manifest is being deleted, or was: `repository@digest`. */
  deletedManifest: "ledger_manifest_deleted",
  /** A manifest that names a subject was put on record: `repository`. */
  referrer: "ledger_referrer",
  /** The mode was changed, by its name. */
  mode: "ledger_mode",
  /** Who listens hears that it is heard. */
  heartbeat: "wharfinger_heartbeat",
} as const;
