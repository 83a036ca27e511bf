import { randomUUID } from "node:crypto";
import type { AuditActor } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Digest } from "#registry-protocol/digest.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import { MARKER, markerId, storageMarker } from "#registry-protocol/storage-marker.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Upstream } from "../upstream/upstream.js";
import { writeMarker, type MarkedRegistry } from "./first-marker.js";
import { acceptStorage } from "./sql.js";
import { intendStep, noteStep } from "./step-sql.js";
import { nextStep, putStep } from "./take-step.js";

/** What accepting a storage needs. */
export interface AcceptDeps {
  readonly db: Database;
  readonly audit: RecordAudit;
  readonly registry: MarkedRegistry & Pick<Upstream, "getManifest" | "hasManifest">;
}

/**
 * Takes the storage that the registry has for the right one, on record: the ledger follows the marker that is there, and where
 * there is none the registry gets one. It takes a step, by which other states of it are known for what they are.
 *
 * @param deps - ledger, audit log and registry
 * @param by - who says so
 * @param reason - why
 * @returns the storage's id
 * @throws Error when the registry cannot be asked, or does not take a marker
 */
export async function takeStorage(
  { db, audit, registry }: AcceptDeps,
  by: AuditActor,
  reason: string,
): Promise<string> {
  const found = await registry.digestOfTag(MARKER.repository, MARKER.tag);
  const there = found === null ? null : await readMarker(registry, found);
  const id = there ?? randomUUID();
  if (there === null) await writeMarker(registry, id);
  const { digest } = storageMarker(id);
  const step = await nextStep({ db, registry }, id, new Date().toISOString());
  await db.transaction(async (tx) => {
    await acceptStorage(tx, { id, digest });
    // Whatever it stood at: from now on another state of it, also a newer one, is an older one.
    const { number, digest: nextDigest } = step;
    await intendStep(tx, { storage: id, number, digest: null, nextDigest });
    const entry = { action: "storage.accepted", actor: by, ...MARKER, digest } as const;
    await audit(tx, { ...entry, reason, detail: { id, wasThere: there !== null } });
  });
  await putStep(registry, step);
  await noteStep(db, step.digest, 0);
  return id;
}

/** @returns the id in a marker; `null` when it is none of ours, or of another form */
async function readMarker(
  registry: Pick<Upstream, "getManifest">,
  digest: Digest,
): Promise<string | null> {
  const manifest = await unlessUnreadable(registry.getManifest(MARKER.repository, digest));
  return manifest === null ? null : markerId(manifest.content);
}
