import { randomUUID } from "node:crypto";
import type { AuditAction, AuditEntry } from "#audit-log/entry.js";
import type { EventAction, NewEvent } from "./event.js";

/** What of the audit log is announced, and as what. */
const ANNOUNCED: Partial<Readonly<Record<AuditAction, EventAction>>> = {
  "tag.pushed": "push",
  "tag.adopted": "push",
  "manifest.pushed": "push",
  "tag.deleted": "delete",
  "manifest.deleted": "delete",
  "tag.locked": "lock",
  "tag.refused": "refused",
  "tag.drifted": "drift",
  "tag.missing": "drift",
  "manifest.missing-blob": "drift",
};

/**
 * @param entry - an entry of the audit log
 * @returns the event that it is announced as; `null` when nobody is told
 */
export function eventOf(entry: AuditEntry): NewEvent | null {
  const action = ANNOUNCED[entry.action];
  if (action === undefined || entry.repository === null) return null;
  const { repository, tag, digest, actor, reason, detail } = entry;
  return {
    id: textOf(detail.push) ?? randomUUID(),
    action,
    repository,
    tag,
    digest,
    previousDigest: textOf(detail.previous),
    actor,
    reason,
    detail: { ...detail, recordedAs: entry.action },
  };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
