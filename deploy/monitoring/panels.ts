/** What one line of a panel shows. */
export interface Query {
  /** PromQL; `$__rate_interval` is Grafana's. */
  readonly expr: string;
  /** Name of each line, with `{{label}}`. */
  readonly legend: string;
}

/** One picture of the dashboard. */
export interface Panel {
  readonly title: string;
  /** What the reader should make of it. */
  readonly description: string;
  /** Unit as Grafana calls it; `short` is a plain number. */
  readonly unit: "short" | "reqps" | "s" | "bytes" | "percentunit" | "ops";
  readonly kind: "timeseries" | "stat";
  readonly queries: readonly Query[];
}

/** Pictures that belong together, under a heading. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const RATE = "$__rate_interval";

const graph = (
  title: string,
  unit: Panel["unit"],
  description: string,
  ...queries: readonly (readonly [expr: string, legend: string])[]
): Panel => ({
  title,
  description,
  unit,
  kind: "timeseries",
  queries: queries.map(([expr, legend]) => ({ expr, legend })),
});

const number = (...told: Parameters<typeof graph>): Panel => ({ ...graph(...told), kind: "stat" });

/** The dashboard, from what is looked at first to what explains it. */
export const ROWS: readonly Row[] = [
  {
    title: "Is it well",
    panels: [
      number("Alerts", "short", "Alerts that are firing now; docs/monitoring.md says what to do.", [
        'count(ALERTS{alertname=~"Wharfinger.*", alertstate="firing"}) or vector(0)',
        "firing",
      ]),
      number("Processes that answer", "short", "Processes that answer.", [
        'sum by (job) (up{job=~"gateway|token-server"})',
        "{{job}}",
      ]),
      number("Ready", "short", "0: what a push needs does not answer one of the processes.", [
        "min by (job, check) (ready)",
        "{{job}} {{check}}",
      ]),
      number(
        "Wrong at the registry",
        "short",
        "Tags and manifests that are not as the ledger has them.",
        ["max by (state) (discovery_tags_wrong)", "tags {{state}}"],
        ["max by (state) (discovery_manifests_wrong)", "manifests {{state}}"],
      ),
    ],
  },
  {
    title: "Requests",
    panels: [
      graph("Requests by kind", "reqps", "By what is asked for.", [
        `sum by (job, route) (rate(http_requests_total[${RATE}]))`,
        "{{job}} {{route}}",
      ]),
      graph("Answers by status", "reqps", "5xx: not decided, or worse.", [
        `sum by (job, status) (rate(http_requests_total[${RATE}]))`,
        "{{job}} {{status}}",
      ]),
      graph(
        "Share of 5xx",
        "percentunit",
        "The objective is 0.1 % over a month.",
        ["job:http_errors:ratio_rate5m", "{{job}}, 5 minutes"],
        ["job:http_errors:ratio_rate6h", "{{job}}, 6 hours"],
      ),
      graph("Time of 99 of 100 requests", "s", "Blobs take as long as the client's line is slow.", [
        "job_route:http_request_duration_seconds:p99_5m",
        "{{job}} {{route}}",
      ]),
      graph("Time of half of the requests", "s", "", [
        "job_route:http_request_duration_seconds:p50_5m",
        "{{job}} {{route}}",
      ]),
      graph("Connections", "short", "Of clients, by listener.", [
        "sum by (job, listener) (listener_connections)",
        "{{job}} {{listener}}",
      ]),
      graph("Refused before any handler", "ops", "docs/limits.md has the reasons.", [
        `sum by (job, listener, reason) (rate(listener_refusals_total[${RATE}]))`,
        "{{job}} {{listener}} {{reason}}",
      ]),
    ],
  },
  {
    title: "Pushes and pulls",
    panels: [
      graph("Pushes of tags", "ops", "undecided: nobody knows yet what came of it.", [
        `sum by (outcome) (rate(tag_pushes_total[${RATE}]))`,
        "{{outcome}}",
      ]),
      graph("Steps of pushes", "ops", "unclear and taken-over: the registry's answer was lost.", [
        `sum by (step) (rate(tag_push_steps_total[${RATE}]))`,
        "{{step}}",
      ]),
      graph(
        "Manifests and their turns",
        "short",
        "Waiting: more come than are worked on at once.",
        ["sum by (size, state) (manifest_turns)", "{{size}} {{state}}"],
      ),
      graph(
        "Pulls",
        "ops",
        "On record, by what was asked for.",
        [`sum by (by) (rate(image_pulls_total[${RATE}]))`, "by {{by}}"],
        [`sum(rate(image_pulls_dropped_total[${RATE}]))`, "lost"],
      ),
      graph(
        "Growth of the ledger",
        "bytes",
        "Bytes a second of manifests and audit entries.",
        [`sum(rate(ledger_growth_bytes_total[${RATE}]))`, "all"],
        ["sum by (repository) (ledger_repository_growth_bytes) / 3600", "{{repository}}"],
      ),
      graph(
        "Where images come from",
        "ops",
        "",
        [`sum by (origin) (rate(scm_sources_total[${RATE}]))`, "{{origin}}"],
        ["max(scm_search_waiting)", "to be looked through"],
      ),
    ],
  },
  {
    title: "Ledger and registry",
    panels: [
      graph(
        "Since the last good pass of discovery",
        "s",
        "",
        ["time() - max(discovery_last_success_timestamp_seconds)", "ago"],
        ["max(discovery_pass_seconds)", "took"],
      ),
      graph(
        "What discovery did",
        "ops",
        "",
        [`sum by (change) (rate(discovery_tags_total[${RATE}]))`, "{{change}}"],
        [`sum by (outcome) (rate(discovery_passes_total[${RATE}]))`, "pass: {{outcome}}"],
      ),
      graph(
        "Not as it should be",
        "short",
        "All of these are 0, but for storage.",
        ["max by (kind) (registry_writes_overdue)", "overdue: {{kind}}"],
        ["max(gateway_read_only)", "read-only"],
        ["min(registry_storage_right)", "storage is right"],
        ["max by (job) (audit_log_behind)", "{{job}}: audit log behind"],
      ),
      graph(
        "The registry's notifications",
        "ops",
        "",
        [`sum by (action) (rate(registry_notifications_total[${RATE}]))`, "{{action}}"],
        [`sum by (outcome) (rate(registry_notifications_handled_total[${RATE}]))`, "{{outcome}}"],
        [`sum(rate(registry_notifications_dead_total[${RATE}]))`, "not understood"],
      ),
      graph("Notifications that wait", "s", "", [
        "max(registry_notifications_oldest_seconds)",
        "oldest",
      ]),
    ],
  },
  {
    title: "Events",
    panels: [
      graph(
        "Events that wait",
        "short",
        "",
        ["max by (sink) (event_backlog)", "{{sink}}"],
        ["max by (sink) (event_dead)", "{{sink}}: given up"],
        ["max by (sink) (event_sink_stopped)", "{{sink}}: stopped"],
      ),
      graph("Age of the oldest", "s", "", [
        "max by (sink) (event_backlog_age_seconds)",
        "{{sink}}",
      ]),
      graph("Deliveries", "ops", "", [
        `sum by (sink, outcome) (rate(event_deliveries_total[${RATE}]))`,
        "{{sink}} {{outcome}}",
      ]),
      graph("Time of 99 of 100 deliveries", "s", "", [
        `histogram_quantile(0.99, sum by (sink, le) (rate(event_delivery_duration_seconds_bucket[${RATE}])))`,
        "{{sink}}",
      ]),
    ],
  },
  {
    title: "Logins and rules",
    panels: [
      graph("Logins", "ops", "undecided: who knows somebody does not answer.", [
        `sum by (outcome) (rate(logins_total[${RATE}]))`,
        "{{outcome}}",
      ]),
      graph("Limits on failed logins", "ops", "", [
        `sum by (reason) (rate(login_limit_locks_total[${RATE}]))`,
        "{{reason}}",
      ]),
      graph("What gateways say of callers", "ops", "", [
        `sum by (outcome) (rate(caller_statements_total[${RATE}]))`,
        "{{outcome}}",
      ]),
      graph("Old answers about teams", "ops", "The team service does not answer.", [
        `sum(rate(stale_team_answers_total[${RATE}]))`,
        "old answers",
      ]),
    ],
  },
  {
    title: "Processes",
    panels: [
      graph("Memory", "bytes", "", [
        "sum by (job, instance) (process_resident_memory_bytes)",
        "{{instance}}",
      ]),
      graph("Processor", "short", "Cores.", [
        `sum by (job, instance) (rate(process_cpu_seconds_total[${RATE}]))`,
        "{{instance}}",
      ]),
      graph("Delay of the event loop", "s", "All requests of a process feel it.", [
        'max by (instance, at) (event_loop_delay_seconds{at=~"p99|max"})',
        "{{instance}} {{at}}",
      ]),
      graph(
        "The database's silences",
        "short",
        "",
        ["max by (job) (database_away)", "{{job}}: away"],
        [`sum by (job) (increase(database_silences_total[${RATE}]))`, "{{job}}: fell silent"],
      ),
      graph(
        "Clocks",
        "s",
        "How far others are ahead of the own one.",
        ["max by (instance, clock) (clock_ahead_seconds)", "{{instance}}: {{clock}}"],
        ["max by (instance) (clock_doubted)", "{{instance}}: doubted"],
      ),
    ],
  },
];
