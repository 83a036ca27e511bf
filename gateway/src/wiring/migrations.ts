import { fileURLToPath } from "node:url";
import { AUDIT_MIGRATIONS } from "#audit-log/migrations.js";
import type { MigrationSet } from "#service-kit/db/migrate.js";
import type { SchemaRights } from "#service-kit/db/rights.js";

const ALL = ["select", "insert", "update", "delete"] as const;
const KEPT = ["select", "insert", "update"] as const;
const FIXED = ["select", "insert"] as const;
const FORGOTTEN = ["select", "insert", "delete"] as const;

/**
 * Nobody but the gateway writes here, and auditors compare its tags. A new table gets a line with what the gateway's
 * statements do to it; a test misses it, and another one names what no statement needs.
 */
const RIGHTS: SchemaRights = {
  tables: {
    tag: { gateway: ALL, auditor: ["select"] },
    inherited_latest: { gateway: KEPT },
    repository: { gateway: KEPT },
    manifest: { gateway: KEPT, auditor: ["select"] },
    // Put in by a trigger, too.
    past_manifest: { gateway: ALL },
    // Gateways from before manifest_link put rows in.
    manifest_reference: { gateway: FIXED, auditor: ["select"] },
    manifest_link: { gateway: FIXED, auditor: ["select"] },
    manifest_push: { gateway: ALL },
    unanswered_write: { gateway: ALL },
    canary: { gateway: ALL },
    acme_account: { gateway: KEPT },
    acme_certificate: { gateway: KEPT },
    acme_challenge: { gateway: ALL },
    page_session: { gateway: ALL },
    missing_part: { gateway: FORGOTTEN },
    refusal: { gateway: ALL },
    upload_session: { gateway: ALL },
    discovery: { gateway: KEPT },
    mode: { gateway: KEPT },
    storage: { gateway: KEPT },
    storage_step: { gateway: KEPT },
    // Written by a trigger alone.
    manifest_facts: { gateway: ["select"] },
    image_layers: { gateway: ["select"] },
    image_part: { gateway: ["select"] },
    // Likewise.
    referrer: { gateway: ["select"] },
    fallback_read: { gateway: KEPT },
    called_tag: { gateway: KEPT },
    production_mark: { gateway: FIXED },
    // Written by triggers, and by the function below.
    catalog_change: { gateway: ["select"] },
    repository_total: { gateway: ["select"] },
    repository_name: {},
    gateway: { gateway: ALL },
    event: { gateway: FORGOTTEN, auditor: ["select"] },
    outbox: { gateway: KEPT },
    sink_stop: { gateway: KEPT },
    delivery: { gateway: ALL },
    delivery_aside: { gateway: ALL },
    notification: { gateway: ALL },
    dead_notification: { gateway: FORGOTTEN },
    pull: { gateway: ALL, auditor: ["select"] },
    pull_total: { gateway: KEPT },
    pull_day: { gateway: ALL, auditor: ["select"] },
    pull_seal: { gateway: FIXED, auditor: ["select"] },
    pull_left_out: { gateway: KEPT, auditor: ["select"] },
    star: { gateway: FORGOTTEN },
    in_use_report: { gateway: KEPT },
    in_use: { gateway: ALL },
    in_use_waiver: { gateway: ALL },
    scm_source: { gateway: KEPT },
    scm_search: { gateway: ALL },
  },
  functions: {
    "fold_changes(integer)": ["gateway"],
    "with_grams(text[], text, bytea, integer)": ["gateway"],
  },
};

/** The gateway's own schema. */
export const LEDGER_MIGRATIONS: MigrationSet = {
  schema: "ledger",
  directory: fileURLToPath(new URL("../../../../gateway/sql", import.meta.url)),
  rights: RIGHTS,
};

/** What a gateway writes to. */
export const GATEWAY_SCHEMAS: readonly MigrationSet[] = [LEDGER_MIGRATIONS, AUDIT_MIGRATIONS];
