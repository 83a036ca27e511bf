/** Of the product's metrics in CloudWatch. */
export const NAMESPACE = "Wharfinger";

/** When somebody has to look, and where they read on. */
export interface AlarmRow {
  readonly metric: string;
  readonly service: "gateway" | "token-server";
  /** The worst of all tasks counts. */
  readonly statistic: "Minimum" | "Maximum" | "Sum";
  readonly threshold: number;
  /** Minutes in a row. */
  readonly minutes: number;
  readonly says: string;
  /** Document below docs/. */
  readonly document: string;
}

/** A metric that a row is about is one of the product's: a test looks for it in the sources. */
export const ALARMS: readonly AlarmRow[] = [
  {
    metric: "ready",
    service: "gateway",
    statistic: "Minimum",
    threshold: 1,
    minutes: 5,
    says: "a gateway lacks something that pushes need; /ready says what",
    document: "operations.md",
  },
  {
    metric: "ready",
    service: "token-server",
    statistic: "Minimum",
    threshold: 1,
    minutes: 5,
    says: "a token server cannot log everybody in; /ready says why",
    document: "operations.md",
  },
  {
    metric: "registry_storage_right",
    service: "gateway",
    statistic: "Minimum",
    threshold: 1,
    minutes: 2,
    says: "the registry has another storage than the ledger knows",
    document: "storage.md",
  },
  above("audit_log_behind", 0, 1, "the database was given an older state back", "backup.md"),
  above(
    "discovery_tags_wrong",
    0,
    5,
    "tags at the registry are not those of the ledger",
    "discovery.md",
  ),
  above("discovery_manifests_wrong", 0, 5, "manifests at the registry lack parts", "discovery.md"),
  above("event_backlog_age_seconds", 900, 5, "events wait to be delivered", "events.md"),
  above("event_dead", 0, 5, "events were given up", "events.md"),
  above("event_sink_stopped", 0, 5, "a receiver said that it wants no more", "events.md"),
  above(
    "registry_writes_overdue",
    0,
    5,
    "the registry owes answers that nobody can put right",
    "retries.md",
  ),
  above(
    "followed_file_refused",
    0,
    5,
    "a changed file is refused, and the one before counts",
    "operations.md",
  ),
  above("clock_doubted", 0, 5, "clocks differ", "operations.md"),
];

/** Those that CloudWatch gets. */
export const METRIC_NAMES: readonly string[] = [...new Set(ALARMS.map(({ metric }) => metric))];

function above(
  metric: string,
  threshold: number,
  minutes: number,
  says: string,
  document: string,
): AlarmRow {
  return { metric, service: "gateway", statistic: "Maximum", threshold, minutes, says, document };
}
