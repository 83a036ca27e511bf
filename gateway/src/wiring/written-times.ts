import type { WrittenTime } from "#service-kit/db/future-times.js";
import { MOST_WAIT_SECONDS } from "../acme/renewal.js";
import { WAIVER_SECONDS } from "../in-use/waive.js";
import type { Bounds } from "../ledger/bounds.js";
import { RENEWING_SECONDS } from "../sessions/renewal-sql.js";

/** Every lease of a tag or a push by digest. */
const LEASE_SECONDS = 60;
/** Who is at it still is found out by the claim when it ends: what is done twice is delivered twice at most. */
const DUE_NOW = { column: "due_at", set: "due_at = clock_timestamp()" };

/**
 * Every column of the ledger whose time is compared with the database's clock to find out whether something may be done. A new
 * one gets a line here.
 *
 * @param bounds - how long the registry may be late
 * @returns the columns, and how far ahead of the clock they may lie
 */
export function writtenTimes({ lateSeconds }: Pick<Bounds, "lateSeconds">): readonly WrittenTime[] {
  return [
    ...[
      { column: "reserved_until", mostSeconds: LEASE_SECONDS },
      { column: "reserved_at", mostSeconds: 0 },
    ].map((time) => ({ table: "ledger.tag", where: "reservation is not null", ...time })),
    { table: "ledger.manifest_push", column: "unsettled_at", mostSeconds: LEASE_SECONDS },
    { table: "ledger.manifest_push", column: "noted_at", mostSeconds: 0 },
    { table: "ledger.unanswered_write", column: "look_at", mostSeconds: LEASE_SECONDS },
    { table: "ledger.unanswered_write", column: "late_until", mostSeconds: lateSeconds },
    ...["deleting_at", "late_since"].map((column) => ({
      table: "ledger.manifest",
      column,
      where: `${column} is not null`,
      mostSeconds: 0,
    })),
    { table: "ledger.past_manifest", column: "since", mostSeconds: 0 },
    { table: "ledger.acme_certificate", column: "next_attempt_at", mostSeconds: MOST_WAIT_SECONDS },
    { table: "ledger.page_session", column: "begun_at", mostSeconds: 0 },
    { table: "ledger.page_session", column: "used_at", mostSeconds: 0 },
    { table: "ledger.page_session", column: "renewing_until", mostSeconds: RENEWING_SECONDS },
    { table: "ledger.upload_session", column: "started_at", mostSeconds: 0 },
    { table: "ledger.refusal", column: "began_at", mostSeconds: 0 },
    { table: "ledger.discovery", column: "began_at", mostSeconds: 0 },
    { table: "ledger.discovery", column: "ended_at", mostSeconds: 0 },
    ...["tags_round_at", "manifests_round_at"].map((column) => ({
      table: "ledger.discovery",
      column,
      where: `${column} is not null`,
      mostSeconds: 0,
    })),
    { table: "ledger.gateway", column: "seen_at", mostSeconds: 0 },
    {
      table: "ledger.mode",
      column: "changed_at",
      mostSeconds: 0,
      set: "drain_until = clock_timestamp() + (drain_until - changed_at), changed_at = clock_timestamp()",
    },
    // Claimed ones end their claim; what waits may have been asked to wait by its sink.
    ...[
      { where: "done_position < last_position and claim is not null", mostSeconds: 30 },
      { where: "done_position < last_position and claim is null", mostSeconds: 3_600 },
    ].map((time) => ({ table: "ledger.outbox", ...DUE_NOW, ...time })),
    ...[
      { where: "claim is not null", mostSeconds: 30 },
      { where: "claim is null", mostSeconds: 3_600 },
    ].map((time) => ({ table: "ledger.delivery_aside", ...DUE_NOW, ...time })),
    {
      table: "ledger.notification",
      ...DUE_NOW,
      where: "handled_at is null",
      mostSeconds: 600,
    },
    { table: "ledger.pull", column: "last_at", mostSeconds: 0 },
    {
      table: "ledger.in_use",
      column: "last_at",
      mostSeconds: 0,
      set: "ends_at = clock_timestamp() + (ends_at - last_at), last_at = clock_timestamp()",
    },
    { table: "ledger.in_use_waiver", column: "ends_at", mostSeconds: WAIVER_SECONDS },
    ...[
      { where: "outcome is null and claim is not null", mostSeconds: 180 },
      { where: "outcome is null and claim is null", mostSeconds: 900 },
    ].map((time) => ({ table: "ledger.scm_search", ...DUE_NOW, ...time })),
  ];
}
