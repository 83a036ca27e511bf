import type { AuditAction, AuditActor } from "#audit-log/entry.js";
import type { SwitchDeps } from "./switch-mode.js";

type Detail = Readonly<Record<string, unknown>>;

/** Puts on record what is to be collected, and what came of it. */
export interface GarbageRecord {
  begun(detail: Detail): Promise<void>;
  ended(detail: Detail): Promise<void>;
}

/**
 * What a registry removes has no name any more, so the record has numbers; each manifest that is deleted has an entry of its own.
 *
 * @param deps - audit log
 * @param actor - who collects
 * @param of - what is collected: blobs that nothing needs, or manifests without a tag
 * @returns what puts it on record; one that is begun and never ended was killed
 */
export function garbageRecord(
  { db, audit }: SwitchDeps,
  actor: AuditActor,
  of: "blobs" | "untagged manifests",
): GarbageRecord {
  const record = async (action: AuditAction, detail: Detail) => {
    const about = { repository: null, tag: null, digest: null };
    await db.transaction((tx) => audit(tx, { action, actor, ...about, reason: of, detail }));
  };
  return {
    begun: (detail) => record("garbage.begun", detail),
    ended: (detail) => record("garbage.ended", detail),
  };
}
